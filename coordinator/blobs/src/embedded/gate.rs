//! Who asks: every request's signature is verified here, before s3s sees it (reliability S10–S21). s3s verifies it once
//! more and holds the body to what was signed.
//!
//! Invariant: whoever gets behind the gate is a [`Visitor`], and nobody is who did not sign.

use super::visitor::Visitor;
use crate::seam::Error;
use async_trait::async_trait;
use buildyard_access::sigv4::{
    BodyHash, Dialect, Scope, SignatureError, check_session_token, parse, refuse_unknown_key, verify,
};
use buildyard_access::{Circumstances, KeyHolder, Principal};
use buildyard_model::{Clock, Secret};
use http::StatusCode;
use http::request::Parts;
use rand::RngCore;
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Error, S3ErrorCode, S3Result};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who may sign requests.
#[async_trait]
pub trait Credentials: Send + Sync + fmt::Debug {
    /// Who holds an access key; nobody when it is not known or no longer allowed.
    ///
    /// # Errors
    /// When it cannot be found out.
    async fn holder(&self, access_key_id: &str) -> Result<Option<KeyHolder>, Error>;

    /// A request signed with this key was verified.
    fn used(&self, access_key_id: &str);
}

/// The storage's own pair of keys, which may do everything.
#[derive(Debug, Clone)]
pub(crate) struct OnePair {
    access_key: String,
    holder: KeyHolder,
}

impl OnePair {
    pub(crate) fn new(access_key: &str, secret: &Secret) -> Self {
        let holder = KeyHolder { secret: secret.clone(), principal: Arc::new(Principal::root("")) };
        Self { access_key: access_key.to_owned(), holder }
    }
}

#[async_trait]
impl Credentials for OnePair {
    async fn holder(&self, access_key_id: &str) -> Result<Option<KeyHolder>, Error> {
        Ok((access_key_id == self.access_key).then(|| self.holder.clone()))
    }

    fn used(&self, _access_key_id: &str) {}
}

/// Lets in who signed. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    signers: Arc<[Arc<dyn Credentials>]>,
    region: Arc<str>,
    /// Buckets for the owner alone.
    private: Arc<[String]>,
    clock: Arc<dyn Clock>,
}

impl Gate {
    pub(crate) fn new(
        signers: Vec<Arc<dyn Credentials>>,
        region: &str,
        private: Vec<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { signers: signers.into(), region: region.into(), private: private.into(), clock }
    }

    /// Verifies a request's signature; the body is still to be held to it.
    pub(crate) async fn admit(&self, parts: &Parts) -> S3Result<Visitor> {
        let presented = parse(parts).map_err(|error| refusal(&error))?;
        let found = self.holder(&presented.access_key_id).await?;
        let (scope, body) = (Scope { region: &self.region, services: &["s3"] }, BodyHash::Unread);
        let now = self.clock.now();
        let Some((signer, holder)) = found else {
            return Err(refusal(&refuse_unknown_key(&presented, parts, &body, &scope, now)));
        };
        verify(&presented, parts, &body, &holder.secret, &scope, now)
            .and_then(|()| check_session_token(&presented, None, now))
            .map_err(|error| refusal(&error))?;
        signer.used(&presented.access_key_id);
        let circumstances = Circumstances {
            now,
            region: self.region.to_string(),
            source: parts.extensions.get::<SocketAddr>().map(SocketAddr::ip),
            secure: false,
        };
        Ok(Visitor::new(presented.access_key_id, holder.principal, &circumstances, Arc::clone(&self.private)))
    }

    async fn holder(&self, access_key_id: &str) -> S3Result<Option<(&Arc<dyn Credentials>, KeyHolder)>> {
        for signer in self.signers.iter() {
            match signer.holder(access_key_id).await {
                Ok(Some(holder)) => return Ok(Some((signer, holder))),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "the holder of an access key cannot be found out");
                    let text = "who holds the access key cannot be found out now; try again";
                    return Err(S3Error::with_message(S3ErrorCode::ServiceUnavailable, text));
                }
            }
        }
        Ok(None)
    }
}

/// The secrets for s3s. A key that was taken away since the gate gets a secret that nobody has.
pub(crate) struct Keyring {
    gate: Gate,
    nobody: SecretKey,
}

impl Keyring {
    pub(crate) fn new(gate: Gate) -> Self {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self { gate, nobody: SecretKey::from(hex::encode(bytes)) }
    }
}

#[async_trait]
impl S3Auth for Keyring {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let found = self.gate.holder(access_key).await?;
        Ok(found.map_or_else(|| self.nobody.clone(), |(_, holder)| SecretKey::from(holder.secret.expose())))
    }
}

fn refusal(error: &SignatureError) -> S3Error {
    let answer = error.answer(Dialect::S3);
    let code = S3ErrorCode::from_bytes(answer.code.as_bytes()).unwrap_or(S3ErrorCode::AccessDenied);
    let mut refusal = S3Error::with_message(code, answer.message);
    refusal.set_status_code(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::FORBIDDEN));
    refusal
}
