//! Why a source could not be fetched.

use buildyard_artifacts::archive::{tree, zip_read};
use buildyard_artifacts::transfer;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Messages are shown to the build's owner: they name the thing and the next step, and hold no secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not well formed: no agent will ever fetch it.
    #[error("the source is not valid: {0}")]
    Invalid(String),
    /// Well formed, but this agent's config does not allow it.
    #[error("the source is not allowed on this agent: {0}")]
    NotAllowed(String),
    /// Git said no. The text is git's own, with secrets taken out.
    #[error("Git clone failed: {text}; {next_step}")]
    Git { text: String, next_step: &'static str },
    /// The object's URLs or bytes could not be had.
    #[error("cannot fetch the S3 source: {0}")]
    Object(#[from] transfer::Error),
    /// The object is there, but is no source.
    #[error("the S3 source cannot be used: {0}")]
    Unusable(String),
    /// The ZIP was not unpacked.
    #[error("cannot unpack the source: {0}")]
    Archive(#[from] zip_read::Error),
    /// The directory was not copied.
    #[error("cannot copy the source: {0}")]
    Tree(#[from] tree::Error),
    /// This host's file system said no.
    #[error("cannot prepare the source: {path:?}: {source}")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// It took too long.
    #[error("the source was not fetched within {} s: raise the agent's source timeout or clone with less depth", .0.as_secs())]
    TimedOut(Duration),
}

impl Error {
    /// For `map_err` on file access.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
