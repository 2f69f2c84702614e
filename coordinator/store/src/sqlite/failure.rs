//! What went wrong in the database, as the store's error.

use crate::roles::Error;

/// SQLite's primary result code for a disk that fails to read, write or sync.
const IO_ERROR: i32 = 10;

/// The database's own words.
pub(super) fn failed(error: &sqlx::Error) -> Error {
    Error::Failed(error.to_string())
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
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // The extended code holds the primary one in its low byte.
    code.and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == IO_ERROR)
}
