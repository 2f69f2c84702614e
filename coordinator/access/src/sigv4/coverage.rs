//! Which headers must be under the signature, and which may be there only once.
//!
//! A header that the server acts on and nobody signed is an attacker's (CVE-2026-97731; reliability S13–S15).

use super::error::SignatureError;
use super::payload::S3;
use super::presented::Presented;
use http::header::{CONTENT_TYPE, DATE, HOST};
use http::request::Parts;

/// Headers that decide what a request is: two of one kind have no meaning.
const SINGLE: &[&str] = &[
    "authorization",
    "content-length",
    "content-type",
    "date",
    "host",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
];

/// The value of a header that may be there once, and must be plain text.
pub(super) fn single<'a>(parts: &'a Parts, name: &str) -> Result<Option<&'a str>, SignatureError> {
    let mut values = parts.headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(SignatureError::Ambiguous(format!("header '{name}' is there twice")));
    }
    value
        .map(|value| value.to_str())
        .transpose()
        .map_err(|_| SignatureError::Unreadable(format!("header '{name}' is not plain text")))
}

/// Refuses what is there twice, what ought to be signed and is not, and what is signed and not there.
pub(super) fn check(parts: &Parts, presented: &Presented) -> Result<(), SignatureError> {
    for name in SINGLE {
        single(parts, name)?;
    }
    host(parts)?;
    if !presented.signs(HOST.as_str()) {
        return Err(SignatureError::Unsigned("Host".into()));
    }
    for name in parts.headers.keys().map(http::HeaderName::as_str) {
        if must_be_signed(name, presented) && !presented.signs(name) {
            return Err(SignatureError::Unsigned(name.to_owned()));
        }
    }
    let takes_date_header = !presented.is_presigned() && !parts.headers.contains_key("x-amz-date");
    if takes_date_header && !presented.signs(DATE.as_str()) {
        return Err(SignatureError::Unsigned("date".into()));
    }
    match presented.signed_headers.iter().find(|name| *name != HOST.as_str() && !parts.headers.contains_key(*name)) {
        Some(name) => Err(SignatureError::Incomplete(format!("signed header '{name}' is not in the request"))),
        None => Ok(()),
    }
}

/// Host as the client addressed it: the `Host` header, or HTTP/2's authority; if both are there they must agree.
pub(super) fn host(parts: &Parts) -> Result<&str, SignatureError> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    match (single(parts, HOST.as_str())?, authority) {
        (Some(header), Some(authority)) if !header.trim().eq_ignore_ascii_case(authority) => {
            Err(SignatureError::Ambiguous("the Host header and the request's target name different hosts".into()))
        }
        (Some(host), _) | (None, Some(host)) => Ok(host),
        (None, None) => Err(SignatureError::Incomplete("the request has no Host header".into())),
    }
}

/// `x-amz-*` always. `content-type` too, except in presigned S3 requests: those go to clients that add one of their own,
/// and AWS asks for host and `x-amz-*` only there.
fn must_be_signed(name: &str, presented: &Presented) -> bool {
    let is_free_upload = presented.is_presigned() && presented.scope.service == S3;
    name.starts_with("x-amz-") || (name == CONTENT_TYPE.as_str() && !is_free_upload)
}
