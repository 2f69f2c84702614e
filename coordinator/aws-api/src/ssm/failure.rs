//! The parameter store's errors as SSM's exceptions.

use buildyard_aws_protocol::ApiError;
use buildyard_service::parameters::ParameterError;
use buildyard_service::{Error, Kind};

/// SSM's exception for an error.
pub(super) fn failure(error: ParameterError) -> ApiError {
    let code = match &error {
        ParameterError::Invalid(_) => "ValidationException",
        ParameterError::Reserved(_) => return ApiError::access_denied(error.to_string()),
        ParameterError::NotFound(_) => "ParameterNotFound",
        ParameterError::VersionNotFound { .. } => "ParameterVersionNotFound",
        ParameterError::AlreadyExists(_) => "ParameterAlreadyExists",
        ParameterError::TooDeep(_) => "HierarchyLevelLimitExceededException",
        ParameterError::BadPattern => "InvalidAllowedPatternException",
        ParameterError::Mismatch(_) => "ParameterPatternMismatchException",
        ParameterError::TooManyTags(_) => "TooManyTagsError",
        ParameterError::FilterKey(_) => "InvalidFilterKey",
        ParameterError::FilterOption { .. } => "InvalidFilterOption",
        ParameterError::FilterValue(_) => "InvalidFilterValue",
        // As when SSM cannot use a parameter's key.
        ParameterError::Sealed(_) => "InvalidKeyId",
        ParameterError::Failed(error) => return failed(error),
    };
    ApiError::new(code, error.to_string())
}

fn failed(error: &Error) -> ApiError {
    match error.kind {
        Kind::Conflict => ApiError::new("TooManyUpdates", &error.message),
        Kind::Unavailable => ApiError::unavailable(&error.message),
        _ => ApiError { code: "InternalServerError".into(), ..ApiError::internal(&error.message) },
    }
}

/// A token that was not given for this question.
pub(super) fn bad_token() -> ApiError {
    ApiError::new("InvalidNextToken", "the NextToken is not one that was given for this request")
}
