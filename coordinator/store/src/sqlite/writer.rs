//! The task that writes: takes whatever waits, does it in one transaction, then answers all of it. While one
//! transaction is synced to disk the next ones gather, so many writers share the cost of a sync and one alone waits
//! for nobody.
//!
//! Invariant: nothing is answered as done before COMMIT has returned.

use super::commit::Commit;
use super::lock::DirectoryLock;
use super::write::Task;
use super::{batch, failure};
use sqlx::{Connection, SqliteConnection};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch};

/// Writes that share a transaction at most.
const GROUP: usize = 256;

/// Why the writer ended for good although nobody asked it to; said also when it panics.
#[derive(Debug)]
pub(super) struct Broken(pub(super) watch::Sender<Option<String>>);

impl Drop for Broken {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.send_replace(Some("the writer of the database panicked".to_owned()));
        }
    }
}

/// Runs until every sender is gone, `closing` is notified, or the disk fails, which `broken` is told. Holds the
/// directory's lock meanwhile.
pub(super) async fn run(
    mut db: SqliteConnection,
    mut tasks: mpsc::Receiver<Task>,
    closing: Arc<Notify>,
    lock: DirectoryLock,
    broken: Broken,
) {
    let mut group = Vec::with_capacity(GROUP);
    loop {
        let taken = tokio::select! {
            biased;
            // What was handed over before is still received.
            () = closing.notified(), if !tasks.is_closed() => {
                tasks.close();
                continue;
            }
            taken = tasks.recv_many(&mut group, GROUP) => taken,
        };
        if taken == 0 {
            break;
        }
        let stored = store(&mut db, &mut group).await;
        for task in group.drain(..) {
            task.answer(stored.as_ref().copied());
        }
        if let Err(error) = stored {
            tracing::error!(%error, "cannot write to the database");
            if failure::is_disk_error(&error) {
                broken.0.send_replace(Some(format!("the disk of the database failed: {error}")));
                break;
            }
        }
    }
    if let Err(error) = db.close().await {
        tracing::warn!(%error, "cannot close the database in order");
    }
    drop(lock);
}

/// Does the writes in one transaction; refused ones are left out. After an error none of them is stored.
async fn store(db: &mut SqliteConnection, group: &mut [Task]) -> Result<(), sqlx::Error> {
    let stored = fill(db, group).await;
    if stored.is_err() {
        // Fails when nothing was begun, or SQLite has rolled back by itself.
        let _ = execute(db, "ROLLBACK").await;
    }
    stored
}

async fn fill(db: &mut SqliteConnection, group: &mut [Task]) -> Result<(), sqlx::Error> {
    execute(db, "BEGIN IMMEDIATE").await?;
    if all(db, group).await {
        return execute(db, "COMMIT").await;
    }
    // Seldom: one was refused, so each is done again with a way back.
    let _ = execute(db, "ROLLBACK").await;
    execute(db, "BEGIN IMMEDIATE").await?;
    for task in group {
        execute(db, "SAVEPOINT one").await?;
        if !task.run(db).await {
            // Fails when the database gave up the whole transaction, and then all is undone.
            execute(db, "ROLLBACK TO one").await?;
        }
        execute(db, "RELEASE one").await?;
    }
    execute(db, "COMMIT").await
}

/// Does all writes up to the first refusal. A savepoint for each would cost as much as a small write.
async fn all(db: &mut SqliteConnection, group: &mut [Task]) -> bool {
    let mut rest = group;
    while !rest.is_empty() {
        let length = batch::length(rest.iter().map_while(Task::commit));
        let (now, later) = rest.split_at_mut(length.max(1));
        let done = if length > 1 { together(db, now).await } else { now[0].run(db).await };
        if !done {
            return false;
        }
        rest = later;
    }
    true
}

/// Does commits of different builds and says whether all were done.
async fn together(db: &mut SqliteConnection, tasks: &mut [Task]) -> bool {
    let commits: Vec<&Commit> = tasks.iter().filter_map(Task::commit).collect();
    // What went wrong is seen when they are done one by one.
    let Ok(Some(entries)) = batch::run(db, &commits).await else { return false };
    for (task, entries) in tasks.iter_mut().zip(entries) {
        task.keep(entries);
    }
    true
}

async fn execute(db: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(db).await.map(|_| ())
}
