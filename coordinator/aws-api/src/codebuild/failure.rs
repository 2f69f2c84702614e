//! The service's errors as CodeBuild's.

use buildyard_aws_protocol::ApiError;
use buildyard_service::{Error, Kind};

/// CodeBuild's exception for an error (reference 12.1).
pub(crate) fn failure(error: Error) -> ApiError {
    match error.kind {
        Kind::Invalid | Kind::Fenced => ApiError::new("InvalidInputException", error.message),
        Kind::NotFound => ApiError::new("ResourceNotFoundException", error.message),
        Kind::LimitExceeded => ApiError::new("AccountLimitExceededException", error.message),
        Kind::Conflict => ApiError::new("ResourceAlreadyExistsException", error.message),
        Kind::Denied => ApiError::access_denied(error.message),
        Kind::Unavailable => ApiError::unavailable(error.message),
        Kind::Internal => ApiError::internal(error.message),
    }
}
