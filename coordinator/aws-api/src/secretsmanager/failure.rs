//! Errors of stored secrets as Secrets Manager's exceptions.

use buildyard_aws_protocol::ApiError;
use buildyard_service::stored_secrets::SecretError;
use buildyard_service::{Error, Kind};

/// Secrets Manager's exception for an error.
pub(super) fn failure(error: SecretError) -> ApiError {
    let code = match &error {
        SecretError::NotFound | SecretError::NoValue(_) => "ResourceNotFoundException",
        SecretError::Exists(_) => "ResourceExistsException",
        SecretError::Request(_) => "InvalidRequestException",
        SecretError::Parameter(_) => "InvalidParameterException",
        SecretError::Limit(_) => "LimitExceededException",
        SecretError::Sealed(_) => "DecryptionFailure",
        SecretError::Failed(error) => return failed(error),
    };
    ApiError::new(code, error.to_string())
}

fn failed(error: &Error) -> ApiError {
    match error.kind {
        Kind::Conflict => ApiError::new("ThrottlingException", &error.message),
        Kind::Unavailable => ApiError::unavailable(&error.message),
        _ => ApiError { code: "InternalServiceError".into(), ..ApiError::internal(&error.message) },
    }
}

/// A wrong value.
pub(super) fn parameter(message: impl Into<String>) -> ApiError {
    failure(SecretError::Parameter(message.into()))
}

/// A token that was not given for this question.
pub(super) fn bad_token() -> ApiError {
    ApiError::new("InvalidNextTokenException", "the NextToken is not one that was given for this request")
}
