//! A write: what is done in a transaction, and how its answer gets back to who asked.

use super::commit::Commit;
use super::failure::failed;
use crate::roles::{Error, OutboxEntry};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use std::fmt::Debug;
use tokio::sync::oneshot;

/// One write. What takes time but no database (JSON) is done when it is made, not when it runs.
#[async_trait]
pub(super) trait Write: Debug + Send + Sync + 'static {
    type Output: Debug + Send + 'static;

    /// Runs in a transaction. An error undoes this write and no other.
    async fn run(&self, db: &mut SqliteConnection) -> Result<Self::Output, Error>;
}

/// Any write, as the writer sees it.
#[async_trait]
pub(super) trait Job: Debug + Send {
    /// Runs the write and keeps its result, in place of that of an earlier run, which was undone. Says whether it was done;
    /// if not, it is to be undone.
    async fn run(&mut self, db: &mut SqliteConnection) -> bool;

    /// Tells who asked: the result, or that its transaction was not stored.
    fn answer(self: Box<Self>, stored: Result<(), &sqlx::Error>);
}

/// What the writer is handed. Commits of steps, which are nearly all, can be done many at once (`batch`).
#[derive(Debug)]
pub(super) enum Task {
    Commit(Box<Pending<Commit>>),
    Other(Box<dyn Job>),
}

impl Task {
    pub(super) fn commit(&self) -> Option<&Commit> {
        match self {
            Self::Commit(pending) => Some(&pending.write),
            Self::Other(_) => None,
        }
    }

    /// Keeps what came of a commit that was done with others.
    pub(super) fn keep(&mut self, entries: Vec<OutboxEntry>) {
        if let Self::Commit(pending) = self {
            pending.result = Some(Ok(entries));
        }
    }

    /// As `Job::run`.
    pub(super) async fn run(&mut self, db: &mut SqliteConnection) -> bool {
        match self {
            Self::Commit(pending) => pending.run(db).await,
            Self::Other(job) => job.run(db).await,
        }
    }

    /// As `Job::answer`.
    pub(super) fn answer(self, stored: Result<(), &sqlx::Error>) {
        match self {
            Self::Commit(pending) => pending.answer(stored),
            Self::Other(job) => job.answer(stored),
        }
    }
}

/// A write and who waits for it.
#[derive(Debug)]
pub(super) struct Pending<W: Write> {
    write: W,
    result: Option<Result<W::Output, Error>>,
    asker: oneshot::Sender<Result<W::Output, Error>>,
}

impl<W: Write> Pending<W> {
    pub(super) fn new(write: W) -> (Self, oneshot::Receiver<Result<W::Output, Error>>) {
        let (asker, answer) = oneshot::channel();
        (Self { write, result: None, asker }, answer)
    }
}

#[async_trait]
impl<W: Write> Job for Pending<W> {
    async fn run(&mut self, db: &mut SqliteConnection) -> bool {
        let result = self.write.run(db).await;
        let done = result.is_ok();
        self.result = Some(result);
        done
    }

    fn answer(self: Box<Self>, stored: Result<(), &sqlx::Error>) {
        // A refusal does not count either when the transaction was lost: it may be due to a write that is undone.
        let answer = match (stored, self.result) {
            (Ok(()), Some(result)) => result,
            // It is what made SQLite undo the others too.
            (Err(_), Some(Err(full @ Error::Full(_)))) => Err(full),
            (Err(error), _) => Err(failed(error)),
            (Ok(()), None) => Err(Error::Failed("a write was forgotten".to_owned())),
        };
        // Who asked may have gone away; the write stands.
        let _ = self.asker.send(answer);
    }
}
