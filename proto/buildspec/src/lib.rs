//! The buildspec language, pure: YAML text → [`Buildspec`], or an [`Error`] with line and column.
//!
//! Every key of reference 1.2 is parsed and validated, also those that only a batch, report or cache needs. What a
//! build does with them is left to the runner and the coordinator. Texts come from strangers: work and memory are
//! bounded whatever the text says (see [`limits`]).

mod error;
pub mod limits;
mod names;
mod read;
mod secret_reference;
mod spec;
mod text;
mod yaml;

pub use error::{BATCH_SPEC_VALIDATION_ERROR, Error, Position, YAML_FILE_ERROR};
pub use read::UnknownKey;
pub use secret_reference::{SecretReference, SecretReferenceError};
pub use spec::*;

/// Reads a buildspec.
///
/// A byte order mark is allowed, line ends may be LF, CRLF or CR, and JSON is YAML too. Keys that no version knows are
/// passed over; [`unknown_keys`] names them.
///
/// # Errors
/// The first thing that is wrong, with its place and CodeBuild's status code.
pub fn parse(text: &str) -> Result<Buildspec, Error> {
    read_text(text).map(|(buildspec, _)| buildspec)
}

/// Reads a buildspec from a file's bytes, which must be UTF-8.
///
/// # Errors
/// As [`parse`]; also bytes that are not UTF-8.
pub fn parse_bytes(bytes: &[u8]) -> Result<Buildspec, Error> {
    parse(text::decode(bytes)?)
}

/// The keys of a valid buildspec that mean nothing to any version: often a slip of the pen, sometimes only a place for
/// anchors.
///
/// # Errors
/// As [`parse`].
pub fn unknown_keys(text: &str) -> Result<Vec<UnknownKey>, Error> {
    read_text(text).map(|(_, unknown)| unknown)
}

fn read_text(text: &str) -> Result<(Buildspec, Vec<UnknownKey>), Error> {
    let text = text::checked(text)?;
    yaml::read(text).and_then(read::buildspec).map_err(|error| error.pointing_into(text))
}
