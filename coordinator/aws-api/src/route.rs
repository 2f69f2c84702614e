//! Which part of the door a request is for. The decision is pure; the parts do the rest.

use crate::apis::Apis;
use crate::authenticate::Authenticator;
use crate::context::Context;
use crate::limits::Limits;
use crate::services;
use buildyard_aws_protocol::{ApiError, Call, Refusal, recognise};
use buildyard_blobs::{Body, S3Door};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use std::error::Error as StdError;
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

/// What is behind the door.
#[derive(Debug, Clone, Default)]
pub struct Http {
    s3: Option<S3Door>,
    apis: Option<Arc<Apis<Context>>>,
    limits: Limits,
}

/// The parts of the door.
#[derive(Debug, PartialEq, Eq)]
enum Route {
    /// For load balancers; anonymous.
    Health,
    /// An operation of an AWS API, or why a request for one cannot be taken.
    Api(Result<Call, Refusal>),
    /// Everything else.
    S3,
}

impl Http {
    /// A door with the embedded storage behind it, if there is one.
    pub fn new(s3: Option<S3Door>) -> Self {
        Self { s3, apis: None, limits: Limits::default() }
    }

    /// With the AWS APIs, for callers whom `authenticator` knows. Without them whoever calls one is told so.
    #[must_use]
    pub fn with_apis(self, context: Context, authenticator: Arc<dyn Authenticator>) -> Self {
        let service = context.service.clone();
        let apis = Apis::new(context, authenticator, services::all()).counted_by(service);
        Self { apis: Some(Arc::new(apis)), ..self }
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
        let mut response = match (route(&parts), &self.s3) {
            (Route::Api(call), _) => return self.api(call, parts, body, &id).await.map(Body::from),
            (Route::Health, _) => Response::new(Body::from(Bytes::from_static(b"ok"))),
            (Route::S3, Some(s3)) => {
                let span =
                    tracing::debug_span!("s3", request.id = %id, method = %parts.method, path = parts.uri.path());
                s3.call(Request::from_parts(parts, body)).instrument(span).await
            }
            (Route::S3, None) => no_storage(),
        };
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-amz-request-id", id);
        }
        response
    }

    async fn api<B>(&self, call: Result<Call, Refusal>, parts: Parts, body: B, id: &str) -> Response<Bytes>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        match (call, &self.apis) {
            (Ok(call), Some(apis)) => apis.answer(call, parts, body, id).await,
            (Ok(call), None) => call.protocol.error(&not_served(&call), id),
            (Err(refusal), _) => refusal.protocol.error(&refusal.error, id),
        }
    }
}

fn not_served(call: &Call) -> ApiError {
    ApiError::unknown_operation(match call.target.as_str() {
        target if target.starts_with("CodeBuild_") => {
            format!("the CodeBuild API is not served yet, so there is no {}", call.operation)
        }
        "" => "STS is not served here".to_owned(),
        target => format!("{target} is not served here"),
    })
}

/// `/health` may also be a bucket, but nothing anonymous is for a bucket.
fn route(request: &Parts) -> Route {
    if let Some(api) = recognise(request).transpose() {
        return Route::Api(api);
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
        let Route::Api(Ok(call)) = route(&parts("POST", "/", &target)) else { panic!("a target is an API's") };
        assert_eq!((call.target.as_str(), call.operation.as_str()), ("CodeBuild_20161006", "StartBuild"));
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
