//! The canonical request: the one text in which client and server must agree (reference/codepipeline 8.3).

use super::coverage;
use super::error::SignatureError;
use super::path::{self, PathRules};
use super::query::{self, Pair};
use super::query_form;
use http::header::HOST;
use http::request::Parts;

/// Builds it from the request, the names of the headers to sign, and the payload's line.
pub(super) fn request(
    parts: &Parts,
    signed_headers: &[String],
    payload: &str,
    rules: PathRules,
) -> Result<Vec<u8>, SignatureError> {
    let pairs = query::pairs(parts.uri.query().unwrap_or_default())?;
    // Only a presigned request has this parameter: `parse` refuses it beside an Authorization header.
    let is_signed = |(name, _): &&Pair| name != query_form::SIGNATURE.as_bytes();
    let mut text = Vec::with_capacity(1024);
    for line in [
        parts.method.as_str(),
        &path::canonical(parts.uri.path(), rules)?,
        &query::canonical(pairs.iter().filter(is_signed)),
    ] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    for name in signed_headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        header(parts, name, &mut text)?;
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(signed_headers.join(";").as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload.as_bytes());
    Ok(text)
}

/// Appends a header's values, trimmed and joined by commas.
fn header(parts: &Parts, name: &str, text: &mut Vec<u8>) -> Result<(), SignatureError> {
    if name == HOST.as_str() {
        trim_into(coverage::host(parts)?.as_bytes(), text);
        return Ok(());
    }
    for (index, value) in parts.headers.get_all(name).iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        trim_into(value.as_bytes(), text);
    }
    Ok(())
}

/// Appends a value without outer blanks, and with inner runs of spaces made one.
fn trim_into(value: &[u8], text: &mut Vec<u8>) {
    let mut after_space = false;
    for &byte in value.trim_ascii() {
        if byte != b' ' || !after_space {
            text.push(byte);
        }
        after_space = byte == b' ';
    }
}
