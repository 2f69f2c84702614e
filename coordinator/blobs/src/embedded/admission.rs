//! What a request must not be before anybody looks at its signature. Pure.
//!
//! `gate` verifies signatures; this refuses what a signature does not settle: the old signature version 2, which s3s
//! would look for first, headers and parameters that are there twice, of which every reader may take another, and forms,
//! whose files s3s would hold in memory.

use buildyard_access::sigv4::query;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use s3s::{S3Error, S3ErrorCode, S3Result};
use std::collections::BTreeSet;

/// Refuses what must not come before the signature check.
pub(crate) fn admit(request: &Parts) -> S3Result<()> {
    no_doubles(&request.headers)?;
    no_form(request)?;
    let authorization = request.headers.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    if authorization.starts_with(b"AWS ") {
        return Err(invalid(
            "only AWS4-HMAC-SHA256 signatures are accepted: set signature_version = s3v4 for s3 in the client's profile",
        ));
    }
    parameters(request.uri.query().unwrap_or_default())
}

fn no_doubles(headers: &HeaderMap) -> S3Result<()> {
    for name in headers.keys() {
        let matters =
            name.as_str().starts_with("x-amz-") || *name == header::AUTHORIZATION || *name == header::CONTENT_TYPE;
        if matters && headers.get_all(name).iter().nth(1).is_some() {
            return Err(invalid(format!("header {name} is there twice")));
        }
    }
    Ok(())
}

fn no_form(request: &Parts) -> S3Result<()> {
    let content_type = request.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let is_form = content_type.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
    if request.method == Method::POST && is_form {
        return Err(error(S3ErrorCode::NotImplemented, "objects are uploaded with PUT, not as forms"));
    }
    Ok(())
}

fn parameters(text: &str) -> S3Result<()> {
    let pairs = query::pairs(text).map_err(|problem| error(S3ErrorCode::InvalidURI, problem.to_string()))?;
    let mut seen = BTreeSet::new();
    for (name, _) in &pairs {
        if !seen.insert(name.as_slice()) {
            return Err(invalid(format!("parameter {} is there twice", short(name))));
        }
        if matches!(name.as_slice(), b"Signature" | b"AWSAccessKeyId") {
            return Err(invalid("only AWS4-HMAC-SHA256 signatures are accepted"));
        }
    }
    Ok(())
}

fn short(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).take(32).collect()
}

fn invalid(text: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    error(S3ErrorCode::InvalidRequest, text)
}

fn error(code: S3ErrorCode, text: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    S3Error::with_message(code, text)
}

#[cfg(test)]
mod tests;
