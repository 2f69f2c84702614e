//! Files and connections. The database holds credentials of sources, so nobody else may read it.

use super::failure::failed;
use crate::roles::Error;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What the write-ahead log shrinks to after it has grown.
const JOURNAL_SIZE_LIMIT: &str = "67108864";

/// Makes the data directory, for its owner only, if it is not there.
pub(super) fn make_directory(dir: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| cannot("make", dir, &error))
}

/// Makes the database's file, for its owner only, if it is not there. SQLite gives its other files the same rights.
pub(super) fn make_file(dir: &Path) -> Result<PathBuf, Error> {
    let path = dir.join("records.sqlite3");
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| cannot("open", &path, &error))?;
    Ok(path)
}

pub(super) fn cannot(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("cannot {what} {}: {error}", path.display()))
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

/// The one connection that writes.
pub(super) async fn writer(file: &Path) -> Result<SqliteConnection, Error> {
    options(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT)
        .connect()
        .await
        .map_err(|error| failed(&error))
}

/// Connections that only read. They need the writer's to be there first, which makes the shared memory.
pub(super) async fn readers(file: &Path) -> Result<SqlitePool, Error> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options(file).read_only(true))
        .await
        .map_err(|error| failed(&error))
}
