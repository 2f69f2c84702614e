//! Why a command could not do its work, by what the caller can do about it. Its text is what the user reads.

use crate::exit::Exit;
use std::error::Error;
use std::io;
use std::path::Path;

/// A command's error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The call was wrong; another call may be right.
    #[error("{0}")]
    Call(String),
    /// Coordinator, engine or connection; the same call may work later.
    #[error("{0}")]
    Service(String),
    /// The coordinator wants this agent no more.
    #[error("{0}")]
    Unwanted(String),
    /// A local file or folder.
    #[error("cannot {action}")]
    File { action: String, source: io::Error },
    /// Whoever read our output went away, as `head` does: nothing to report.
    #[error("standard output was closed")]
    OutputClosed,
}

impl Failure {
    /// The call was wrong.
    pub(crate) fn call(text: impl Into<String>) -> Self {
        Self::Call(text.into())
    }

    /// The other side failed.
    pub(crate) fn service(text: impl Into<String>) -> Self {
        Self::Service(text.into())
    }

    /// For `map_err`: `doing` is a verb, `read` or `create`.
    pub(crate) fn file(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let action = format!("{doing} {}", path.display());
        move |source| Self::File { action, source }
    }

    /// What the shell sees.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Call(_) => Exit::WrongCall,
            Self::Unwanted(_) => Exit::Unwanted,
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => Exit::WrongCall,
            Self::Service(_) | Self::File { .. } => Exit::EngineFailed,
            Self::OutputClosed => Exit::OutputClosed,
        }
    }
}

/// An error and what caused it, on one line; a cause that its effect already quotes is not repeated.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_a_wrong_call_and_a_full_disk_is_not() {
        let failure = |kind| Failure::file("read", Path::new("/x"))(io::Error::from(kind));
        assert_eq!(failure(io::ErrorKind::NotFound).exit(), Exit::WrongCall);
        assert_eq!(failure(io::ErrorKind::StorageFull).exit(), Exit::EngineFailed);
    }

    #[test]
    fn the_chain_names_every_cause_once() {
        let failure = Failure::file("read", Path::new("/x"))(io::Error::other("the disk is on fire"));
        assert_eq!(chain(&failure), "cannot read /x: the disk is on fire");
    }
}
