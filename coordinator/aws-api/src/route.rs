//! Which part of the door a request is for. The decision is pure; the parts do the rest.

use crate::json;
use crate::limits::Limits;
use buildyard_blobs::{Body, S3Door};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use std::error::Error as StdError;
use tracing::Instrument;
use uuid::Uuid;

/// What is behind the door.
#[derive(Debug, Clone, Default)]
pub struct Http {
    s3: Option<S3Door>,
    limits: Limits,
}

/// The parts of the door.
#[derive(Debug, PartialEq, Eq)]
enum Route<'a> {
    /// For load balancers; anonymous.
    Health,
    /// An operation of an AWS JSON 1.1 API.
    Json(&'a str),
    /// Everything else.
    S3,
}

impl Http {
    /// A door with the embedded storage behind it, if there is one.
    pub fn new(s3: Option<S3Door>) -> Self {
        Self { s3, limits: Limits::default() }
    }

    /// With other limits than the default.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Answers one request.
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let id = Uuid::new_v4().to_string();
        let route = route(&parts);
        let is_json = matches!(route, Route::Json(_));
        let span = tracing::debug_span!("api", request.id = %id, method = %parts.method, path = parts.uri.path());
        let mut response = match (route, &self.s3) {
            (Route::Health, _) => Response::new(Body::from(Bytes::from_static(b"ok"))),
            (Route::Json(target), _) => json::unknown_operation(target),
            (Route::S3, Some(s3)) => s3.call(Request::from_parts(parts, body)).instrument(span).await,
            (Route::S3, None) => no_storage(),
        };
        let name = if is_json { "x-amzn-requestid" } else { "x-amz-request-id" };
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(name, id);
        }
        response
    }
}

/// `/health` may also be a bucket, but nothing anonymous is for a bucket.
fn route(request: &Parts) -> Route<'_> {
    let target = request.headers.get("x-amz-target");
    if request.method == Method::POST
        && request.uri.path() == "/"
        && let Some(target) = target
    {
        return Route::Json(target.to_str().unwrap_or("a target that is no text"));
    }
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    let anonymous = !request.headers.contains_key(header::AUTHORIZATION) && request.uri.query().is_none();
    if reads && anonymous && request.uri.path() == "/health" { Route::Health } else { Route::S3 }
}

fn no_storage() -> Response<Body> {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NotImplemented</Code>\
                <Message>this coordinator keeps its bytes in other storage; ask that</Message></Error>";
    let mut response = Response::new(Body::from(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn requests_go_where_they_belong() {
        let target = [("x-amz-target", "CodeBuild_20161006.StartBuild")];
        let signed = [("authorization", "AWS4-HMAC-SHA256 …")];
        assert_eq!(route(&parts("GET", "/health", &[])), Route::Health);
        assert_eq!(route(&parts("HEAD", "/health", &[])), Route::Health);
        assert_eq!(route(&parts("POST", "/", &target)), Route::Json("CodeBuild_20161006.StartBuild"));
        for (method, uri, headers) in [
            ("GET", "/health", &signed[..]),
            ("GET", "/health?X-Amz-Signature=1", &[]),
            ("PUT", "/health", &[]),
            ("GET", "//health", &[]),
            ("POST", "/bucket", &target),
            ("GET", "/", &target),
        ] {
            assert_eq!(route(&parts(method, uri, headers)), Route::S3, "{method} {uri}");
        }
    }
}
