//! The protocols as one: a body to a value, an answer or an error to a response (reference 13).

use crate::shape::Shape;
use crate::{ApiError, cbor, json, query};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// A wire protocol of AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.1.
    Json,
    /// Smithy RPC v2 with CBOR.
    Cbor,
    /// A form in, XML out. Only STS speaks it here.
    Query,
}

impl Protocol {
    /// Reads a request's body; `shape` is the operation's input.
    ///
    /// # Errors
    /// `SerializationException` for a body that is no document of the protocol.
    pub fn decode(self, body: &[u8], shape: Option<Shape<'_>>) -> Result<Value, ApiError> {
        match self {
            Self::Json => json::decode(body),
            Self::Cbor => cbor::decode(body, shape),
            Self::Query => query::decode(body),
        }
    }

    /// 200 with what an operation gave; `shape` is its output. Null members are left out.
    pub fn answer(self, value: Value, shape: Option<Shape<'_>>, request_id: &str) -> Response<Bytes> {
        let value = without_nulls(value);
        let body = match self {
            Self::Json => json::encode(&value),
            Self::Cbor => cbor::encode(&value, shape),
            Self::Query => query::answer(&value, request_id),
        };
        self.response(StatusCode::OK, body, request_id)
    }

    /// An error with its status.
    pub fn error(self, error: &ApiError, request_id: &str) -> Response<Bytes> {
        let value = json!({ "__type": error.code, "message": error.message });
        let body = match self {
            Self::Json => json::encode(&value),
            Self::Cbor => cbor::encode(&value, None),
            Self::Query => query::error(error, request_id),
        };
        let mut response = self.response(error.status, body, request_id);
        if self == Self::Json {
            insert(&mut response, HeaderName::from_static("x-amzn-errortype"), &error.code);
        }
        response
    }

    fn response(self, status: StatusCode, body: Vec<u8>, request_id: &str) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        let content_type = match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Cbor => "application/cbor",
            Self::Query => "text/xml",
        };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if self == Self::Cbor {
            insert(&mut response, HeaderName::from_static("smithy-protocol"), "rpc-v2-cbor");
        }
        insert(&mut response, HeaderName::from_static("x-amzn-requestid"), request_id);
        response
    }
}

/// Codes and ids are always header text; what is not would only be left out.
fn insert(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_nulls).collect()),
        plain => plain,
    }
}

#[cfg(test)]
mod tests;
