//! The chain of HMACs from a secret to a signature. Invariant: neither keys nor signatures are ever printed.

use super::scope::{CredentialScope, TERMINATOR};
use buildyard_model::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;

/// The name of the one algorithm.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The key of one day, region and service.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// Derives the key of a scope from the secret of an access key.
    pub fn derive(secret: &Secret, scope: &CredentialScope) -> Self {
        let mut key = mac(format!("AWS4{}", secret.expose()).as_bytes(), scope.date.as_bytes());
        for step in [scope.region.as_str(), &scope.service, TERMINATOR] {
            key = mac(&key, step.as_bytes());
        }
        Self(key)
    }

    /// Signs any text: a string to sign, or a chunk's.
    pub fn sign(&self, text: &[u8]) -> [u8; 32] {
        mac(&self.0, text)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The four lines that are signed.
pub(super) fn string_to_sign(date_time: &str, scope: &CredentialScope, canonical: &[u8]) -> String {
    format!("{ALGORITHM}\n{date_time}\n{}\n{}", scope.text(), hex::encode(Sha256::digest(canonical)))
}

fn mac(key: &[u8], data: &[u8]) -> [u8; 32] {
    // HMAC takes keys of every length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(data);
    mac.finalize().into_bytes().into()
}
