//! Values in requests: a text or bytes, and the id of the version that they become.

use super::failure::parameter;
use buildyard_aws_protocol::ApiError;
use buildyard_model::Secret;
use buildyard_service::stored_secrets::SecretValue;

/// The value of a request, if it has one.
pub(super) fn given(text: Option<Secret>, binary: Option<Secret>) -> Result<Option<SecretValue>, ApiError> {
    match (text, binary) {
        (Some(_), Some(_)) => Err(parameter("SecretString and SecretBinary can't be given together")),
        (Some(text), None) => Ok(Some(SecretValue::Text(text))),
        (None, Some(binary)) => Ok(Some(SecretValue::Binary(binary))),
        (None, None) => Ok(None),
    }
}

/// The version's id: the request's token, or a new one for who sends none.
pub(super) fn version_id(token: Option<String>) -> String {
    token.unwrap_or_else(|| uuid::Uuid::new_v4().to_string())
}

/// A value as members of an answer: `SecretString`, `SecretBinary`.
pub(super) fn members(value: SecretValue) -> (Option<Secret>, Option<Secret>) {
    match value {
        SecretValue::Text(text) => (Some(text), None),
        SecretValue::Binary(binary) => (None, Some(binary)),
    }
}
