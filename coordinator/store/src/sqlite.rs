//! The store on one host's disk: SQLite in a data directory that belongs to one coordinator at a time.
//!
//! One task owns the one connection that writes; reads go to a small pool of read-only connections. A write is
//! answered when its transaction is on disk (WAL, `synchronous=FULL`), and many that wait together share one
//! transaction. Reads see every write that was answered before they began.

mod agents;
mod batch;
mod builds;
mod column;
mod commit;
mod connect;
mod create;
mod documents;
mod failure;
mod lock;
mod migrate;
mod outbox;
mod queue;
mod remove;
mod write;
mod writer;

use crate::roles::{Error, OutboxEntry};
use commit::Commit;
use sqlx::{SqliteConnection, SqlitePool};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use write::{Pending, Task, Write};

/// Writes that may wait for the writer before callers wait to hand theirs over.
const BACKLOG: usize = 1024;

/// The store in a data directory.
#[derive(Debug)]
pub struct Sqlite {
    directory: PathBuf,
    tasks: mpsc::Sender<Task>,
    readers: SqlitePool,
    closing: Arc<Notify>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Why nothing can be written any more.
    broken: watch::Receiver<Option<String>>,
}

impl Sqlite {
    /// Opens the store in `dir`, which is made if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// `InUse` when another coordinator has the directory. `Failed` when the disk does not let us, or when the schema
    /// is newer than this program.
    pub async fn open(dir: &Path) -> Result<Self, Error> {
        connect::make_directory(dir)?;
        let lock = lock::acquire(dir)?;
        let file = connect::make_file(dir)?;
        let mut connection = connect::writer(&file).await?;
        migrate::migrate(&mut connection, migrate::MIGRATIONS, &file).await?;
        let readers = connect::readers(&file).await?;
        Ok(Self::start(dir.to_owned(), connection, readers, lock))
    }

    fn start(directory: PathBuf, connection: SqliteConnection, readers: SqlitePool, lock: lock::DirectoryLock) -> Self {
        let (tasks, receiver) = mpsc::channel(BACKLOG);
        let closing = Arc::new(Notify::new());
        let (tell, broken) = watch::channel(None);
        let writing = writer::run(connection, receiver, Arc::clone(&closing), lock, writer::Broken(tell));
        let writer = Mutex::new(Some(tokio::spawn(writing)));
        Self { directory, tasks, readers, closing, writer, broken }
    }

    /// Waits until nothing can be written any more because the disk failed, and says so; for ever if that never
    /// happens. A full disk is not meant: writes are refused until there is room again.
    pub fn broken(&self) -> impl Future<Output = String> + Send + use<> {
        let mut broken = self.broken.clone();
        async move {
            let told = match broken.wait_for(Option::is_some).await {
                Ok(reason) => reason.clone(),
                Err(_) => None,
            };
            match told {
                Some(reason) => reason,
                // Closed in order.
                None => std::future::pending().await,
            }
        }
    }

    /// Finishes the writes handed over so far, then lets the directory go. Later calls fail.
    /// Dropping the store does the same without anybody waiting for it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.closing.notify_one();
        if let Some(writer) = self.writer.lock().await.take()
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the store's writer did not end well");
        }
    }

    /// Has a write done and waits until it is on disk.
    async fn write<W: Write>(&self, write: W) -> Result<W::Output, Error> {
        let (pending, answer) = Pending::new(write);
        self.hand_over(Task::Other(Box::new(pending)), answer).await
    }

    /// The same for what writes are mostly.
    async fn write_commit(&self, commit: Commit) -> Result<Vec<OutboxEntry>, Error> {
        let (pending, answer) = Pending::new(commit);
        self.hand_over(Task::Commit(Box::new(pending)), answer).await
    }

    async fn hand_over<T>(&self, task: Task, answer: oneshot::Receiver<Result<T, Error>>) -> Result<T, Error> {
        self.tasks.send(task).await.map_err(|_| failure::stopped())?;
        answer.await.map_err(|_| failure::stopped())?.map_err(|error| match error {
            Error::Full(_) => Error::Full(self.directory.display().to_string()),
            other => other,
        })
    }
}

#[cfg(test)]
mod tests;
