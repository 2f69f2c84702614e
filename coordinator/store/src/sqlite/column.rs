//! Values as SQLite's columns hold them: signed 64-bit integers and JSON text.

use super::failure;
use crate::roles::Error;
use buildyard_model::BuildId;
use buildyard_scheduler::Build;
use serde::Serialize;

/// A count as a column. Counts beyond 2^63 do not happen.
pub(super) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A column that holds a count.
pub(super) fn count(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

/// A value as a document.
pub(super) fn document(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Failed(format!("cannot write a document: {error}")))
}

/// A build from its row. The number is the column's: the document of a new build is written before it is known.
pub(super) fn build((number, document): (i64, String)) -> Result<Build, Error> {
    let mut build: Build = serde_json::from_str(&document).map_err(|error| failure::unreadable("build", &error))?;
    build.spec.build_number = count(number);
    Ok(build)
}

/// An id from its column.
pub(super) fn build_id(text: &str) -> Result<BuildId, Error> {
    text.parse().map_err(|error| Error::Failed(format!("a stored id is damaged: {error}")))
}
