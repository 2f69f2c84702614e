//! AWS JSON 1.1 as far as it needs no operation: the shape of its errors (AWS, "JSON 1.1 protocol": `__type`, `message`).

use buildyard_blobs::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

/// The answer to an `X-Amz-Target` that is not served. `target` is the client's and may be anything.
pub(crate) fn unknown_operation(target: &str) -> Response<Body> {
    let target: String = target.chars().take(128).collect();
    let message = match target.split_once('.') {
        Some((service, operation)) if service.starts_with("CodeBuild_") => {
            format!("the CodeBuild API is not served yet, so there is no {operation}")
        }
        _ => format!("{target} is not served here"),
    };
    error(StatusCode::BAD_REQUEST, "UnknownOperationException", &message)
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    let body = serde_json::json!({ "__type": kind, "message": message }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    response
}
