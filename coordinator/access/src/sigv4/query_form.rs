//! The signature in the query: a presigned request (AWS, "Using Query Parameters").

use super::coverage::single;
use super::error::SignatureError;
use super::key::ALGORITHM;
use super::payload::DeclaredPayload;
use super::presented::{Presented, Signature, parse_signed_headers, session_token};
use super::query::Pair;
use super::{moment, scope};
use http::request::Parts;
use std::time::Duration;

/// The one parameter that is not under the signature.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";
/// Longest validity: 7 days, in seconds.
pub(super) const EXPIRES_MAX: u64 = 604_800;

/// Whether a parameter makes its request a presigned one.
pub(super) fn signs(name: &[u8]) -> bool {
    matches!(name, b"X-Amz-Signature" | b"X-Amz-Algorithm" | b"X-Amz-Credential")
}

/// Reads the parameters of the signature.
pub(super) fn parse(parts: &Parts, pairs: &[Pair]) -> Result<Presented, SignatureError> {
    let incomplete = |message: String| SignatureError::Incomplete(message);
    let required = |name: &str| {
        once(pairs, name)?.ok_or_else(|| incomplete(format!("AWS query-string parameters must include '{name}'.")))
    };
    if required("X-Amz-Algorithm")? != ALGORITHM {
        return Err(incomplete(format!("X-Amz-Algorithm only supports '{ALGORITHM}'.")));
    }
    let (access_key_id, scope) = scope::parse_credential(required("X-Amz-Credential")?)?;
    let time = moment::parse(required("X-Amz-Date")?)
        .ok_or_else(|| incomplete("X-Amz-Date must be in the ISO8601 Long Format 'yyyyMMdd'T'HHmmss'Z''".into()))?;
    let token = once(pairs, "X-Amz-Security-Token")?.map(session_token).transpose()?;
    if single(parts, "x-amz-security-token")?.is_some() {
        let message = "a presigned request takes its security token from the query, not from a header";
        return Err(SignatureError::Ambiguous(message.into()));
    }
    Ok(Presented {
        access_key_id,
        session_token: token,
        scope,
        signed_headers: parse_signed_headers(required("X-Amz-SignedHeaders")?)?,
        signature: Signature::parse(required(SIGNATURE)?)
            .ok_or_else(|| incomplete("X-Amz-Signature must be 64 lower-case hex digits.".into()))?,
        time,
        expires: Some(expires(required("X-Amz-Expires")?)?),
        payload: payload(parts, pairs)?,
    })
}

/// Whole seconds, 1 to 604,800 (reliability S20).
fn expires(text: &str) -> Result<Duration, SignatureError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds =
        if is_number { text.parse().ok().filter(|seconds| (1..=EXPIRES_MAX).contains(seconds)) } else { None };
    seconds.map(Duration::from_secs).ok_or_else(|| {
        SignatureError::Incomplete("X-Amz-Expires must be between 1 and 604800 seconds (one week).".into())
    })
}

fn payload(parts: &Parts, pairs: &[Pair]) -> Result<DeclaredPayload, SignatureError> {
    let header = single(parts, "x-amz-content-sha256")?;
    match (once(pairs, "X-Amz-Content-Sha256")?, header) {
        (Some(query), Some(header)) if query != header => {
            Err(SignatureError::Ambiguous("X-Amz-Content-Sha256 of the query and of the header differ".into()))
        }
        (Some(text), _) | (None, Some(text)) => DeclaredPayload::parse(text),
        (None, None) => Ok(DeclaredPayload::Absent),
    }
}

/// The value of a parameter that may be there once.
fn once<'a>(pairs: &'a [Pair], name: &str) -> Result<Option<&'a str>, SignatureError> {
    let mut values = pairs.iter().filter(|(other, _)| other == name.as_bytes()).map(|(_, value)| value);
    let value = values.next();
    if values.next().is_some() {
        return Err(SignatureError::Ambiguous(format!("query parameter '{name}' is there twice")));
    }
    value
        .map(|value| std::str::from_utf8(value))
        .transpose()
        .map_err(|_| SignatureError::Unreadable(format!("query parameter '{name}' is not UTF-8")))
}
