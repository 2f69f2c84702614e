//! The embedded S3 as an HTTP service: admission, then s3s, which verifies signatures and speaks the protocol.
//!
//! Connections, limits and time-outs are left to who serves it (`aws-api`).

use super::admission;
use super::host::{Hosts, SharedEndpoint};
use super::rechunk::Rechunked;
use super::s3::Operations;
use async_trait::async_trait;
use buildyard_model::Secret;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Body;
use rand::RngCore;
use s3s::auth::{S3Auth, SecretKey};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{HttpError, S3Result, StdError};
use std::fmt;
use std::sync::Arc;

/// Largest XML body that is held in memory: completing 10,000 parts with their checksums takes some 2 MiB.
const XML_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Who may sign requests.
#[async_trait]
pub trait Credentials: Send + Sync + fmt::Debug {
    /// The secret of an access key, `None` for one that is not known or no longer allowed.
    async fn secret(&self, access_key: &str) -> Option<Secret>;
}

/// One pair of keys.
#[derive(Debug, Clone)]
pub(crate) struct OnePair {
    pub(crate) access_key: String,
    pub(crate) secret_key: Secret,
}

#[async_trait]
impl Credentials for OnePair {
    async fn secret(&self, access_key: &str) -> Option<Secret> {
        (access_key == self.access_key).then(|| self.secret_key.clone())
    }
}

/// Answers S3 requests. Cheap to clone.
#[derive(Clone)]
pub struct S3Door {
    service: S3Service,
    region: Arc<str>,
}

impl S3Door {
    pub(crate) fn new(
        operations: Operations,
        region: &str,
        endpoint: SharedEndpoint,
        signers: Vec<Arc<dyn Credentials>>,
    ) -> Self {
        let mut builder = S3ServiceBuilder::new(operations);
        let mut config = S3Config::default();
        config.xml_max_body_size = XML_MAX_BYTES;
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        builder.set_host(Hosts(endpoint));
        builder.set_auth(Keyring { signers, nobody: random_secret() });
        Self { service: builder.build(), region: region.into() }
    }

    /// Answers one request; a refusal is an answer too. The body may be read for as long as it arrives.
    pub async fn call<B>(&self, request: Request<B>) -> Response<s3s::Body>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<StdError>,
    {
        let (parts, body) = request.into_parts();
        let answer = match admission::admit(&parts, &self.region) {
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
}

impl fmt::Debug for S3Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("S3Door").field("region", &self.region).finish_non_exhaustive()
    }
}

/// Asks every signer in turn. An unknown key gets a secret that nobody has, so that it fails as a wrong secret does and
/// takes as long (reliability S19).
struct Keyring {
    signers: Vec<Arc<dyn Credentials>>,
    nobody: SecretKey,
}

#[async_trait]
impl S3Auth for Keyring {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        for signer in &self.signers {
            if let Some(secret) = signer.secret(access_key).await {
                return Ok(SecretKey::from(secret.expose()));
            }
        }
        Ok(self.nobody.clone())
    }
}

fn random_secret() -> SecretKey {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    SecretKey::from(hex::encode(bytes))
}
