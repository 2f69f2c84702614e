//! Counts and times the calls of this door, and tells of them as traces. A stream counts when it begins.

use buildyard_service::{Answered, Door, Service};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tonic::Code;
use tonic::codegen::http::{HeaderMap, Request, Response};

/// The package of our calls.
const PACKAGE: &str = "/buildyard.fleet.v1.";
/// What callers made up.
const UNKNOWN: &str = "(unknown)";

/// Puts the counting in front of the calls.
#[derive(Debug, Clone)]
pub(crate) struct Metering(pub(crate) Service);

impl<S> tower::Layer<S> for Metering {
    type Service = Metered<S>;
    fn layer(&self, inner: S) -> Metered<S> {
        Metered { service: self.0.clone(), inner }
    }
}

/// Calls that are counted.
#[derive(Debug, Clone)]
pub(crate) struct Metered<S> {
    service: Service,
    inner: S,
}

impl<S, B, R> tower::Service<Request<B>> for Metered<S>
where
    S: tower::Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (service, path, began) = (self.service.clone(), request.uri().path().to_owned(), Instant::now());
        let traceparent = request.headers().get("traceparent").cloned();
        let answered = self.inner.call(request);
        Box::pin(async move {
            let answer = answered.await;
            if let Ok(response) = &answer {
                let code = code(response.headers());
                service.answered(&Answered {
                    door: Door::Grpc,
                    id: None,
                    operation: operation(&path, code),
                    status: format!("{code:?}").into(),
                    is_fault: is_fault(code),
                    lasted: began.elapsed(),
                    traceparent: traceparent.as_ref().and_then(|value| value.to_str().ok()),
                });
            }
            answer
        })
    }
}

/// A failed call says so in its head, one that goes well behind its answer.
fn code(headers: &HeaderMap) -> Code {
    headers.get("grpc-status").map_or(Code::Ok, |status| Code::from_bytes(status.as_bytes()))
}

/// Whether it went wrong on our side.
fn is_fault(code: Code) -> bool {
    matches!(code, Code::Unknown | Code::DeadlineExceeded | Code::Internal | Code::Unavailable | Code::DataLoss)
}

fn operation(path: &str, code: Code) -> &str {
    // Nobody made up what was carried out.
    path.strip_prefix(PACKAGE).filter(|_| code != Code::Unimplemented).unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_are_made_up_have_one_name() {
        assert_eq!(operation("/buildyard.fleet.v1.Builds/Submit", Code::NotFound), "Builds/Submit");
        assert_eq!(operation("/buildyard.fleet.v1.Builds/Nonsense", Code::Unimplemented), UNKNOWN);
        assert_eq!(operation("/elsewhere", Code::Ok), UNKNOWN);
    }
}
