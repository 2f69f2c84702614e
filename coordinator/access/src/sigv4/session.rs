//! Session tokens of temporary keys: there, the right one, and not over (reliability S21).

use super::error::SignatureError;
use super::presented::Presented;
use buildyard_model::{Secret, Timestamp};
use subtle::ConstantTimeEq;

/// Compares the presented token with what the access key was issued with: a token and the time at which it ends, or
/// `None` for a lasting key. The token itself is under the signature: `verify` saw to that.
///
/// # Errors
/// `InvalidToken` for a missing, foreign or superfluous token; `ExpiredToken` from the end on.
pub fn check_session_token(
    presented: &Presented,
    issued: Option<(&Secret, Timestamp)>,
    now: Timestamp,
) -> Result<(), SignatureError> {
    match (&presented.session_token, issued) {
        (None, None) => Ok(()),
        (Some(token), Some((expected, ends))) => {
            let is_same: bool = token.expose().as_bytes().ct_eq(expected.expose().as_bytes()).into();
            match (is_same, now < ends) {
                (false, _) => Err(SignatureError::InvalidToken),
                (true, false) => Err(SignatureError::ExpiredToken),
                (true, true) => Ok(()),
            }
        }
        (None, Some(_)) | (Some(_), None) => Err(SignatureError::InvalidToken),
    }
}
