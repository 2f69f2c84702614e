//! Errors in CloudWatch Logs' words.

use buildyard_aws_protocol::ApiError;
use buildyard_service::{Error, Kind};
use http::StatusCode;

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

pub(super) fn no_group() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log group does not exist.")
}

pub(super) fn no_stream() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

pub(super) fn bad_token() -> ApiError {
    invalid("The specified nextToken is invalid.")
}

/// CloudWatch Logs' exception for an error of the service's.
#[allow(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
pub(super) fn failure(error: Error) -> ApiError {
    match error.kind {
        Kind::NotFound => ApiError::new("ResourceNotFoundException", error.message),
        Kind::Denied => ApiError::access_denied(error.message),
        Kind::Unavailable => {
            ApiError::new("ServiceUnavailableException", error.message).with_status(StatusCode::SERVICE_UNAVAILABLE)
        }
        Kind::Internal => ApiError::internal(error.message),
        _ => invalid(error.message),
    }
}
