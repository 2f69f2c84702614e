//! What went wrong in the database, as the store's error.

use crate::roles::Error;

/// SQLite's primary result code for a disk that fails to read, write or sync.
const IO_ERROR: i32 = 10;

/// SQLite's result code for a disk without room.
const FULL: i32 = 13;
/// SQLite's code for an index of the write-ahead log that could not grow, which is written before anything else: the
/// same as a full disk.
const INDEX_FULL: i32 = IO_ERROR | (19 << 8);

/// The database's own words; a full disk is named by who knows its directory.
pub(super) fn failed(error: &sqlx::Error) -> Error {
    match result_code(error) {
        Some(FULL | INDEX_FULL) => Error::Full("the records".to_owned()),
        _ => Error::Failed(error.to_string()),
    }
}

/// The writer is not there: closed, or ended by a disk error.
pub(super) fn stopped() -> Error {
    Error::Failed(
        "it takes no writes any more, after a disk error or because it was closed; restart the coordinator".to_owned(),
    )
}

/// A stored document that is not what this program writes.
pub(super) fn unreadable(what: &str, error: &serde_json::Error) -> Error {
    Error::Failed(format!("the stored {what} cannot be read: {error}"))
}

/// Whether the disk itself failed. After that nobody knows which of the pages written are on it, so a later success
/// would promise too much (reliability F12). A full disk is not meant: that can pass (F13).
pub(super) fn is_disk_error(error: &sqlx::Error) -> bool {
    // The extended code holds the primary one in its low byte.
    result_code(error).is_some_and(|code| code & 0xff == IO_ERROR && code != INDEX_FULL)
}

fn result_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)?.parse().ok()
}
