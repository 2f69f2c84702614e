//! What an operation answers when it does not do it: AWS's code, the HTTP status, a sentence.

use http::StatusCode;
use std::borrow::Cow;

/// An error in AWS's form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    pub status: StatusCode,
    /// The exception's name, as in the service's model: `InvalidInputException`.
    pub code: Cow<'static, str>,
    pub message: String,
}

impl ApiError {
    /// An error of the service's model: 400, as CodeBuild answers all of them (reference 13).
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: code.into(), message: message.into() }
    }

    /// With another status than 400.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// 500: our fault. The sentence is for people who cannot see our log.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new("InternalFailure", message).with_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// 503: trying again later may help.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new("ServiceUnavailable", message).with_status(StatusCode::SERVICE_UNAVAILABLE)
    }

    /// The body was no document of the protocol, or a member had the wrong type.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// There is no such operation (reference 13).
    pub fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new("UnknownOperationException", message).with_status(StatusCode::NOT_FOUND)
    }

    /// The caller may not.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", message)
    }
}
