//! Which API a request is for, by its head alone.
//!
//! Three forms: `X-Amz-Target` (JSON 1.1), the path of Smithy RPC v2, and a form with `Action` (AWS query), which
//! a GET has in its address. What is none of them is S3's. Invariant: a request that could be read in two ways is refused.

use crate::{ApiError, Protocol};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

const TARGET: &str = "x-amz-target";
const SMITHY: &str = "smithy-protocol";

/// What is asked of which service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub protocol: Protocol,
    /// As in `Api::target`; empty in the query protocol, which names the operation in its body and no service at all.
    pub target: String,
    pub operation: String,
}

/// Why a request to an API cannot be taken, in the protocol in which that is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub protocol: Protocol,
    pub error: ApiError,
}

/// What a request asks for; `None` when it is no API's.
///
/// # Errors
/// For two forms at once, content types that do not belong to the form, and names that are none.
pub fn recognise(parts: &Parts) -> Result<Option<Call>, Refusal> {
    let path = parts.uri.path();
    let query = || Call { protocol: Protocol::Query, target: String::new(), operation: String::new() };
    if parts.method == Method::GET {
        let has_action =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).any(|(name, _)| name == "Action");
        return Ok((path == "/" && has_action).then(query));
    }
    if parts.method != Method::POST {
        return Ok(None);
    }
    if path.starts_with("/service/") && parts.headers.contains_key(SMITHY) {
        return cbor(parts).map(Some).map_err(|error| Refusal { protocol: Protocol::Cbor, error });
    }
    if path != "/" {
        return Ok(None);
    }
    if parts.headers.contains_key(TARGET) {
        return json(parts).map(Some).map_err(|error| Refusal { protocol: Protocol::Json, error });
    }
    let is_form = matches!(content_type(&parts.headers), Ok(Some("application/x-www-form-urlencoded")));
    Ok(is_form.then(query))
}

fn json(parts: &Parts) -> Result<Call, ApiError> {
    let target = single(&parts.headers, TARGET)?.unwrap_or_default();
    if parts.headers.contains_key(SMITHY) {
        return Err(ApiError::serialization("x-amz-target and smithy-protocol exclude each other"));
    }
    match content_type(&parts.headers)? {
        None | Some("application/x-amz-json-1.1" | "application/x-amz-json-1.0" | "application/json") => {}
        Some(other) => return Err(media_type(other, "application/x-amz-json-1.1")),
    }
    match target.rsplit_once('.') {
        Some((service, operation)) if is_name(service) && is_name(operation) => {
            Ok(Call { protocol: Protocol::Json, target: service.to_owned(), operation: operation.to_owned() })
        }
        _ => Err(ApiError::unknown_operation("x-amz-target has the form Service_Version.Operation")),
    }
}

fn cbor(parts: &Parts) -> Result<Call, ApiError> {
    if parts.headers.contains_key(TARGET) {
        return Err(ApiError::serialization("x-amz-target and smithy-protocol exclude each other"));
    }
    if single(&parts.headers, SMITHY)? != Some("rpc-v2-cbor") {
        return Err(ApiError::unknown_operation("of Smithy's protocols only rpc-v2-cbor is spoken here"));
    }
    // Operations without input have neither a body nor a type of it.
    match content_type(&parts.headers)? {
        None | Some("application/cbor") => {}
        Some(other) => return Err(media_type(other, "application/cbor")),
    }
    let names: Vec<&str> = parts.uri.path().split('/').collect();
    match names.as_slice() {
        ["", "service", service, "operation", operation] if is_name(service) && is_name(operation) => {
            Ok(Call { protocol: Protocol::Cbor, target: (*service).to_owned(), operation: (*operation).to_owned() })
        }
        _ => Err(ApiError::unknown_operation("the path has the form /service/<service>/operation/<operation>")),
    }
}

/// A name of a service or an operation; so it may be shown and logged.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Without its parameters; types are compared as SDKs write them.
fn content_type(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let text = single(headers, CONTENT_TYPE.as_str())?;
    Ok(text.map(|text| text.split(';').next().unwrap_or(text).trim()))
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(ApiError::serialization(format!("the header {name} is there twice")));
    }
    let text = first.map(|value| value.to_str());
    text.transpose().map_err(|_| ApiError::serialization(format!("the header {name} is no text")))
}

fn media_type(found: &str, expected: &str) -> ApiError {
    let found = crate::limits::short(found);
    ApiError::new("UnsupportedMediaTypeException", format!("the content type is {found} and has to be {expected}"))
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

#[cfg(test)]
mod tests;
