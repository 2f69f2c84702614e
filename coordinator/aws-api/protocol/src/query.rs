//! AWS's query protocol: a form with `Action` and `Version` in, XML out. As much of it as STS needs: flat members.

use crate::ApiError;
use crate::limits::{Budget, twice};
use serde_json::{Map, Value};

/// Reads a form: its fields as members.
///
/// # Errors
/// For text that is no UTF-8, a field that is there twice, and too many fields.
pub fn decode(body: &[u8]) -> Result<Value, ApiError> {
    let refused = |message: &str| ApiError::new("MalformedQueryString", message);
    let budget = Budget::new();
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        budget.take(1).map_err(refused)?;
        // The reader puts this where the bytes are no UTF-8.
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            return Err(refused("the form is no UTF-8"));
        }
        if members.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
            return Err(refused(&twice(&name)));
        }
    }
    Ok(Value::Object(members))
}

/// Writes `{"GetCallerIdentity": {…}}` as `<GetCallerIdentityResponse>`.
pub fn answer(value: &Value, request_id: &str) -> Vec<u8> {
    let mut text = String::new();
    for (operation, members) in value.as_object().into_iter().flatten() {
        text.push_str(&format!("<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>"));
        for (name, value) in members.as_object().into_iter().flatten() {
            text.push_str(&format!("<{name}>{}</{name}>", escape(value.as_str().unwrap_or_default())));
        }
        text.push_str(&format!("</{operation}Result><ResponseMetadata><RequestId>{}</RequestId>", escape(request_id)));
        text.push_str(&format!("</ResponseMetadata></{operation}Response>"));
    }
    text.into_bytes()
}

/// Writes an error.
pub fn error(error: &ApiError, request_id: &str) -> Vec<u8> {
    let fault = if error.status.is_server_error() { "Receiver" } else { "Sender" };
    let (code, message, id) = (escape(&error.code), escape(&error.message), escape(request_id));
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{fault}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
    )
    .into_bytes()
}

/// STS's.
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Text for XML 1.0, which has no way to write most control characters.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(character),
            _ if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => escaped.push('?'),
            _ => escaped.push(character),
        }
    }
    escaped
}
