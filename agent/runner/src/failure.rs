//! Why the runner itself gave up, and the exit code that tells the agent so.

use std::io;

/// The walk is over; the build's own result is in the journal.
pub const EXIT_WALKED: i32 = 0;
/// The plan, or the secrets beside it, cannot be read.
pub const EXIT_PLAN: i32 = 64;
/// Something that always works did not.
pub const EXIT_INTERNAL: i32 = 70;
/// The state directory or the output directory cannot be written, most likely because the disk is full.
pub const EXIT_STATE: i32 = 73;
/// The journal cannot be written, most likely because the disk is full.
pub const EXIT_JOURNAL: i32 = 74;
/// Ended by SIGTERM, SIGINT or SIGHUP: the build was stopped.
pub const EXIT_STOPPED: i32 = 143;

/// The runner cannot go on. Nothing of this is the user's fault: the build ends as FAULT, or as STOPPED.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// See [`EXIT_PLAN`].
    #[error("cannot read the plan: {0}")]
    Plan(String),
    /// See [`EXIT_INTERNAL`].
    #[error("{0}")]
    Internal(String),
    /// See [`EXIT_STATE`].
    #[error("cannot write {what}: {source}")]
    State { what: String, source: io::Error },
    /// See [`EXIT_JOURNAL`].
    #[error("cannot write the journal: {0}")]
    Journal(#[from] io::Error),
    /// See [`EXIT_STOPPED`].
    #[error("stopped")]
    Stopped,
}

impl Failure {
    /// Something below the state directory could not be written.
    pub(crate) fn state(what: impl std::fmt::Display, source: impl Into<io::Error>) -> Self {
        Self::State { what: what.to_string(), source: source.into() }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Plan(_) => EXIT_PLAN,
            Self::Internal(_) => EXIT_INTERNAL,
            Self::State { .. } => EXIT_STATE,
            Self::Journal(_) => EXIT_JOURNAL,
            Self::Stopped => EXIT_STOPPED,
        }
    }
}
