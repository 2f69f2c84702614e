//! The service's one error: a kind, which a door translates, and a message, which a person reads.

use buildyard_scheduler::Rejected;

/// What a caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong.
    Invalid,
    /// It names something that is not there.
    NotFound,
    /// It clashes with something that is there.
    Conflict,
    /// A limit of the project's leaves no room; trying again later may help.
    LimitExceeded,
    /// The lease named is not in force.
    Fenced,
    /// The caller may not.
    Denied,
    /// Try again later.
    Unavailable,
    /// Our fault.
    Internal,
}

/// Why a use case did not do it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: Kind,
    pub message: String,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    pub(crate) fn fenced(message: impl Into<String>) -> Self {
        Self::new(Kind::Fenced, message)
    }
}

impl From<buildyard_store::Error> for Error {
    fn from(error: buildyard_store::Error) -> Self {
        use buildyard_store::Error as Store;
        let kind = match &error {
            Store::Conflict(_) => Kind::Conflict,
            Store::NotFound(_) => Kind::NotFound,
            Store::TokenMismatch => Kind::Invalid,
            Store::LimitReached { .. } => Kind::LimitExceeded,
            Store::Failed(_) | Store::Full(_) | Store::InUse(_) => Kind::Unavailable,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<buildyard_blobs::Error> for Error {
    fn from(error: buildyard_blobs::Error) -> Self {
        use buildyard_blobs::Error as Blobs;
        let kind = match &error {
            Blobs::NotFound(_) => Kind::NotFound,
            Blobs::Denied(_) => Kind::Denied,
            Blobs::Unavailable(_) => Kind::Unavailable,
            Blobs::Refused(_) => Kind::Invalid,
        };
        Self::new(kind, format!("storage: {error}"))
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        let kind = match &rejected {
            Rejected::Fenced(_) => Kind::Fenced,
            Rejected::Finished | Rejected::Unchanged | Rejected::NotNow { .. } => Kind::Conflict,
        };
        Self::new(kind, rejected.to_string())
    }
}
