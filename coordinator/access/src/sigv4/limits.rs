//! How large a request's head may be before anything in it is looked at. Invariant: nothing is parsed or hashed that
//! did not pass `check`.

use super::error::SignatureError;
use http::request::Parts;

/// Most header lines.
const HEADERS: usize = 128;
/// Most bytes of all header names and values; S3 allows 8 KB and JSON services more, for long session tokens.
const HEADER_BYTES: usize = 32 * 1024;
/// Most bytes of path and query; room for a key of 1,024 bytes and a session token, both percent-encoded.
const URI_BYTES: usize = 32 * 1024;
/// Longest access key id (IAM: 128).
pub(super) const ACCESS_KEY_ID: usize = 128;
/// Longest session token, in bytes.
pub(super) const SESSION_TOKEN: usize = 8 * 1024;
/// Longest region or service name.
pub(super) const SCOPE_PART: usize = 64;

/// Refuses a head that is too large.
pub(super) fn check(parts: &Parts) -> Result<(), SignatureError> {
    if parts.headers.len() > HEADERS {
        return Err(SignatureError::TooLarge { what: "headers", limit: HEADERS });
    }
    let bytes: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > HEADER_BYTES {
        return Err(SignatureError::TooLarge { what: "header bytes", limit: HEADER_BYTES });
    }
    let target = parts.uri.path().len() + parts.uri.query().map_or(0, str::len);
    if target > URI_BYTES {
        return Err(SignatureError::TooLarge { what: "path and query", limit: URI_BYTES });
    }
    Ok(())
}
