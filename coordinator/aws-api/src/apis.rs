//! The AWS APIs behind the door: from a recognised request to its response.
//!
//! The order is fixed: the service is found, whoever does not sign at all is refused, the body is read whole and within its
//! limits, the signature is verified, and only then is the body looked at. Invariant: every error leaves in the form of the request's protocol, with a request id.

mod body;

use crate::authenticate::Authenticator;
use crate::sts;
use body::Bodies;
use buildyard_aws_protocol::{Api, ApiError, Call, Caller, Protocol, Shape, Shapes};
use buildyard_service::{Answered, Door, Service};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use serde_json::Value;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

/// Services over the context `C`, and who may call them.
#[derive(Debug)]
pub(crate) struct Apis<C> {
    context: C,
    authenticator: Arc<dyn Authenticator>,
    services: Vec<Arc<Api<C>>>,
    bodies: Bodies,
    /// Where requests are counted.
    counts: Option<Service>,
}

/// What an operation gave, and its shape.
type Given = (Value, Option<Shape<'static>>);

impl<C: Clone + Send + Sync + 'static> Apis<C> {
    pub(crate) fn new(context: C, authenticator: Arc<dyn Authenticator>, services: Vec<Api<C>>) -> Self {
        let services = services.into_iter().map(Arc::new).collect();
        Self { context, authenticator, services, bodies: Bodies::default(), counts: None }
    }

    /// Counts requests there.
    pub(crate) fn counted_by(self, service: Service) -> Self {
        Self { counts: Some(service), ..self }
    }

    /// Answers one request.
    pub(crate) async fn answer<B>(&self, call: Call, parts: Parts, body: B, id: &str) -> Response<Bytes>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let operation = if call.protocol == Protocol::Query { "sts" } else { &call.operation };
        let span = tracing::info_span!("api", operation, request.id = id);
        let (protocol, began) = (call.protocol, Instant::now());
        let counted = self.counts.as_ref().map(|service| (service, operation.to_owned()));
        let traceparent = parts.headers.get("traceparent").filter(|_| counted.is_some()).cloned();
        let answered = self.take(call, parts, body).instrument(span.clone()).await;
        if let Some((service, operation)) = counted {
            let status = answered.as_ref().map_or_else(|error| error.status, |_| http::StatusCode::OK);
            // Names that callers make up have no end.
            let known = operation == "sts" || self.services.iter().any(|service| service.knows(&operation));
            let operation = if known { operation.as_str() } else { "(unknown)" };
            service.answered(&Answered {
                door: Door::Http,
                id: Some(id),
                operation,
                status: status.as_str().into(),
                is_fault: status.is_server_error(),
                lasted: began.elapsed(),
                traceparent: traceparent.as_ref().and_then(|value| value.to_str().ok()),
            });
        }
        match answered {
            Ok((value, shape)) => protocol.answer(value, shape, id),
            Err(error) => {
                if error.status.is_server_error() {
                    span.in_scope(|| tracing::error!(code = %error.code, message = error.message, "a request failed"));
                }
                protocol.error(&error, id)
            }
        }
    }

    async fn take<B>(&self, call: Call, parts: Parts, body: B) -> Result<Given, ApiError>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let service = match call.protocol {
            Protocol::Query => None,
            Protocol::Json | Protocol::Cbor => Some(self.service(&call.target)?),
        };
        let name = service.as_ref().map_or(sts::NAME, |service| service.name);
        self.authenticator.glance(&parts, name)?;
        let body = self.bodies.read(body).await?;
        let caller = self.authenticator.authenticate(&parts, body.bytes(), name).await?;
        let Some(service) = service else {
            let address = parts.uri.query().unwrap_or_default().as_bytes();
            let form = if parts.method == Method::GET { address } else { body.bytes() };
            return sts::answer(&caller, &call.protocol.decode(form, None)?).map(|value| (value, None));
        };
        let shapes = service.shapes();
        let input = call.protocol.decode(body.bytes(), shapes.and_then(|shapes| shapes.input(&call.operation)))?;
        let output = shapes.and_then(|shapes: &'static Shapes| shapes.output(&call.operation));
        let value = self.run(service, caller, call.operation, input).await?;
        Ok((value, output))
    }

    fn service(&self, target: &str) -> Result<Arc<Api<C>>, ApiError> {
        let found = self.services.iter().find(|service| service.target == target);
        found.cloned().ok_or_else(|| ApiError::unknown_operation(format!("{target} is not served here")))
    }

    /// In a task of its own: a client that goes away does not cut an operation in half.
    async fn run(
        &self,
        service: Arc<Api<C>>,
        caller: Caller,
        operation: String,
        input: Value,
    ) -> Result<Value, ApiError> {
        let context = self.context.clone();
        let task = async move { service.answer(&context, &caller, &operation, input).await };
        match tokio::spawn(task.in_current_span()).await {
            Ok(answered) => answered,
            Err(error) => {
                tracing::error!(%error, "an operation broke off");
                Err(ApiError::internal("the operation broke off; the coordinator's log says why"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
