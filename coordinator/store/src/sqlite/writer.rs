//! The task that writes: takes whatever waits, does it in one transaction, then answers all of it. While one
//! transaction is synced to disk the next ones gather, so many writers share the cost of a sync and one alone waits
//! for nobody.
//!
//! Invariant: nothing is answered as done before COMMIT has returned.

use super::failure;
use super::lock::DirectoryLock;
use super::write::Job;
use sqlx::{Connection, SqliteConnection};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};

/// Writes that share a transaction at most.
const GROUP: usize = 256;

/// Runs until every sender is gone, `closing` is notified, or the disk fails. Holds the directory's lock meanwhile.
pub(super) async fn run(
    mut db: SqliteConnection,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    closing: Arc<Notify>,
    lock: DirectoryLock,
) {
    let mut group = Vec::with_capacity(GROUP);
    loop {
        let taken = tokio::select! {
            biased;
            // What was handed over before is still received.
            () = closing.notified(), if !jobs.is_closed() => {
                jobs.close();
                continue;
            }
            taken = jobs.recv_many(&mut group, GROUP) => taken,
        };
        if taken == 0 {
            break;
        }
        let stored = store(&mut db, &mut group).await;
        for job in group.drain(..) {
            job.answer(stored.as_ref().copied());
        }
        if let Err(error) = stored {
            tracing::error!(%error, "cannot write to the database");
            if failure::is_disk_error(&error) {
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
async fn store(db: &mut SqliteConnection, group: &mut [Box<dyn Job>]) -> Result<(), sqlx::Error> {
    let stored = fill(db, group).await;
    if stored.is_err() {
        // Fails when nothing was begun, or SQLite has rolled back by itself.
        let _ = execute(db, "ROLLBACK").await;
    }
    stored
}

async fn fill(db: &mut SqliteConnection, group: &mut [Box<dyn Job>]) -> Result<(), sqlx::Error> {
    execute(db, "BEGIN IMMEDIATE").await?;
    for job in group {
        execute(db, "SAVEPOINT one").await?;
        if !job.run(db).await {
            // Fails when the database gave up the whole transaction, and then all is undone.
            execute(db, "ROLLBACK TO one").await?;
        }
        execute(db, "RELEASE one").await?;
    }
    execute(db, "COMMIT").await
}

async fn execute(db: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(db).await.map(|_| ())
}
