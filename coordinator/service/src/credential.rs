//! Secrets that programs show one another: made at random, kept only as a fingerprint, compared in constant time.

use crate::Service;
use crate::error::{Error, Kind};
use buildyard_model::AgentId;
use rand::Rng;
use sha2::{Digest, Sha256};

/// A new secret of 256 random bits, as hex.
pub fn new_secret() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    hex::encode(bytes)
}

/// What is kept of a secret: its SHA-256 as lower-case hex. Our secrets are random, so they need no salt.
pub fn fingerprint(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Compares fingerprints without telling by time how far they agree.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

impl Service {
    /// Checks a client's bearer token.
    pub fn admit_client(&self, token: &str) -> Result<(), Error> {
        let print = fingerprint(token);
        // Every token is compared, so that time tells nothing about which one was near.
        let known = self.settings().client_tokens_sha256.iter().fold(false, |known, kept| known | same(kept, &print));
        if known { Ok(()) } else { Err(Error::new(Kind::Denied, "the token is not known to this coordinator")) }
    }

    /// Checks an agent's bearer credential, `<agent name>.<secret>`, and says whose it is.
    pub async fn admit_agent(&self, credential: &str) -> Result<AgentId, Error> {
        let denied = || Error::new(Kind::Denied, "the agent's credential is not known to this coordinator");
        let (name, _) = credential.rsplit_once('.').ok_or_else(denied)?;
        let name: AgentId = name.parse().map_err(|_| denied())?;
        let print = fingerprint(credential);
        // A connected agent's spares the store a look-up per call.
        let connected = self.inner.sessions.get(&name).is_some_and(|session| same(&session.credential_sha256, &print));
        if connected {
            return Ok(name);
        }
        if self.store().agent(&name).await?.is_some_and(|record| same(&record.credential_sha256, &print)) {
            return Ok(name);
        }
        Err(self.removed(&print).await?.map_or_else(denied, |words| Error::new(Kind::Denied, words)))
    }
}
