//! Why Secrets Manager's part did not do it: its exceptions, one each.

use crate::Error;

/// What is wrong. No message holds a value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretError {
    /// There is no such secret, in Secrets Manager's own words, by which tools know it.
    #[error("Secrets Manager can't find the specified secret.")]
    NotFound,
    /// There is the secret, but not that version of it.
    #[error("Secrets Manager can't find the specified secret value for {0}")]
    NoValue(String),
    /// A secret or a version of that name or id is there already.
    #[error("{0}")]
    Exists(String),
    /// Not in the state that the secret is in.
    #[error("{0}")]
    Request(String),
    /// A value of the request is wrong.
    #[error("{0}")]
    Parameter(String),
    /// Too many of something.
    #[error("{0}")]
    Limit(String),
    /// The vault's key is not the one under which the value was sealed.
    #[error("the value of secret {0} cannot be opened: it is damaged or was sealed under another key (vault.key)")]
    Sealed(String),
    /// The store failed, or the secret changes too fast (`Conflict`).
    #[error(transparent)]
    Failed(#[from] Error),
}

impl SecretError {
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::Parameter(message.into())
    }

    /// The secret waits for its end.
    pub(crate) fn deleted() -> Self {
        Self::Request("the secret is scheduled for deletion; restore it first".to_owned())
    }
}
