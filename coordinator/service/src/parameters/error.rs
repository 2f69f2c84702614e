//! Why the parameter store did not do it: SSM's exceptions, one each.

use crate::Error;

/// What is wrong. No message holds a value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ParameterError {
    /// The request is wrong in a way that has no exception of its own.
    #[error("{0}")]
    Invalid(String),
    /// The name belongs to AWS.
    #[error("no access to the reserved parameter name {0}")]
    Reserved(String),
    #[error("parameter {0} does not exist")]
    NotFound(String),
    /// There is the parameter, but neither a version nor a label of that name.
    #[error("parameter {name} has no version or label {selector}")]
    VersionNotFound { name: String, selector: String },
    #[error("parameter {0} exists already; set Overwrite to give it a new version")]
    AlreadyExists(String),
    /// The name has too many levels.
    #[error("a parameter's name has at most {0} levels")]
    TooDeep(usize),
    /// The allowed pattern is no regular expression that can be used.
    #[error("the allowed pattern is not a regular expression that can be used here")]
    BadPattern,
    #[error("the value does not match the allowed pattern {0}")]
    Mismatch(String),
    #[error("a parameter has at most {0} tags")]
    TooManyTags(usize),
    #[error("the filter key {0} cannot be used here")]
    FilterKey(String),
    #[error("the filter option {option} cannot be used with the key {key}")]
    FilterOption { key: String, option: String },
    #[error("the value of the filter {0} cannot be used")]
    FilterValue(String),
    /// The vault's key is not the one under which the value was sealed.
    #[error("the value of parameter {0} cannot be opened: it is damaged or was sealed under another key (vault.key)")]
    Sealed(String),
    /// The store failed, or the parameter changes too fast (`Conflict`).
    #[error(transparent)]
    Failed(#[from] Error),
}

impl ParameterError {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }
}
