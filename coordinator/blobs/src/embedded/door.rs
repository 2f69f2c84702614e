//! The embedded S3 as an HTTP service: admission, the gate, then s3s, which speaks the protocol.
//!
//! Connections, limits and time-outs are left to who serves it (`aws-api`).

use super::admission;
use super::gate::{Gate, Keyring};
use super::host::{Hosts, SharedEndpoint};
use super::rechunk::Rechunked;
use super::s3::Operations;
use super::visitor::Permissions;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Body;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{HttpError, S3Result, StdError};
use std::fmt;
use std::sync::Arc;

/// Largest XML body that is held in memory: completing 10,000 parts with their checksums takes some 2 MiB.
const XML_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Answers S3 requests. Cheap to clone.
#[derive(Clone)]
pub struct S3Door {
    service: S3Service,
    gate: Gate,
}

impl S3Door {
    pub(crate) fn new(operations: Operations, endpoint: SharedEndpoint, gate: Gate) -> Self {
        let mut builder = S3ServiceBuilder::new(operations);
        let mut config = S3Config::default();
        config.xml_max_body_size = XML_MAX_BYTES;
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        builder.set_host(Hosts(endpoint));
        builder.set_auth(Keyring::new(gate.clone()));
        builder.set_access(Permissions);
        Self { service: builder.build(), gate }
    }

    /// Answers one request; a refusal is an answer too. The body may be read for as long as it arrives. A peer's address
    /// (`SocketAddr`) among the extensions is what policies see as `aws:SourceIp`.
    pub async fn call<B>(&self, request: Request<B>) -> Response<s3s::Body>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<StdError>,
    {
        let (mut parts, body) = request.into_parts();
        let answer = match self.admit(&mut parts).await {
            Ok(()) => {
                let sha256 = parts.headers.get("x-amz-content-sha256").map(HeaderValue::as_bytes);
                let body = s3s::Body::http_body_unsync(Rechunked::new(body, sha256));
                self.service.call(Request::from_parts(parts, body)).await
            }
            Err(refusal) => refusal.to_http_response().map_err(|error| HttpError::new(Box::new(error))),
        };
        answer.unwrap_or_else(|error| {
            tracing::error!(?error, "an S3 request could not be answered");
            let mut response = Response::new(s3s::Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }

    async fn admit(&self, parts: &mut Parts) -> S3Result<()> {
        admission::admit(parts)?;
        let visitor = self.gate.admit(parts).await?;
        parts.extensions.insert(visitor);
        Ok(())
    }
}

impl fmt::Debug for S3Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("S3Door").field("gate", &self.gate).finish_non_exhaustive()
    }
}
