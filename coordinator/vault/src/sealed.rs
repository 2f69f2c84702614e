//! Sealing and opening.
//!
//! The form: `v1:` and base64 of a random 12-byte nonce, the ciphertext and its 16-byte tag. With random nonces one key is
//! good for 2^32 texts, far more than a coordinator seals.

use crate::key::KEY_BYTES;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use buildyard_model::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::sync::Arc;

const FORM: &str = "v1:";

/// Why a text can't be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Damaged, moved from its place, or sealed under another key.
    #[error("a sealed text cannot be opened: it is damaged, was moved, or belongs to another key (vault.key)")]
    Broken,
    /// The system gives no random bytes.
    #[error("no random bytes can be had")]
    Random,
}

/// Seals and opens texts under one key. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    key: Arc<[u8; KEY_BYTES]>,
}

impl Vault {
    /// A vault under a key.
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        Self { key: Arc::new(key) }
    }

    /// Seals a text for `place`: what it is and whose (`secret/db`).
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal(&self, place: &str, text: &Secret) -> Result<String, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| VaultError::Random)?;
        let mut bytes = text.expose().as_bytes().to_vec();
        let aad = Aad::from(place.as_bytes());
        let sealed = self.cipher()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes);
        sealed.map_err(|_| VaultError::Broken)?;
        let mut whole = nonce.to_vec();
        whole.append(&mut bytes);
        Ok(format!("{FORM}{}", STANDARD_NO_PAD.encode(whole)))
    }

    /// The text that was sealed for `place`.
    ///
    /// # Errors
    /// When it was not, or not under this key.
    pub fn unseal(&self, place: &str, sealed: &str) -> Result<Secret, VaultError> {
        let whole = sealed.strip_prefix(FORM).and_then(|text| STANDARD_NO_PAD.decode(text).ok());
        let whole = whole.ok_or(VaultError::Broken)?;
        let (nonce, bytes) = whole.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Broken)?;
        let mut bytes = bytes.to_vec();
        let aad = Aad::from(place.as_bytes());
        let opened = self.cipher()?.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut bytes);
        let text = opened.map_err(|_| VaultError::Broken)?;
        String::from_utf8(text.to_vec()).map(Secret::new).map_err(|_| VaultError::Broken)
    }

    fn cipher(&self) -> Result<LessSafeKey, VaultError> {
        UnboundKey::new(&AES_256_GCM, &*self.key).map(LessSafeKey::new).map_err(|_| VaultError::Broken)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vault() -> Vault {
        Vault::new([7; KEY_BYTES])
    }

    #[test]
    fn a_text_is_opened_only_in_its_place_and_under_its_key() {
        let sealed = vault().seal("secret/db", &Secret::new("hunter2 é")).unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_eq!(vault().unseal("secret/db", &sealed).unwrap().expose(), "hunter2 é");
        assert_eq!(vault().unseal("secret/other", &sealed), Err(VaultError::Broken));
        assert_eq!(Vault::forgetful().unwrap().unseal("secret/db", &sealed), Err(VaultError::Broken));
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let seal = || vault().seal("a", &Secret::new("x")).unwrap();
        assert_ne!(seal(), seal());
    }

    proptest! {
        #[test]
        fn a_changed_text_is_never_opened(text in ".{0,40}", at in any::<prop::sample::Index>(), with in "[A-Za-z0-9+/:]") {
            let sealed = vault().seal("a", &Secret::new(text)).unwrap();
            let at = at.index(sealed.len());
            let changed = format!("{}{with}{}", &sealed[..at], &sealed[at + 1..]);
            prop_assume!(changed != sealed);
            prop_assert_eq!(vault().unseal("a", &changed), Err(VaultError::Broken));
            prop_assert_eq!(vault().unseal("a", &sealed[..at]), Err(VaultError::Broken));
        }
    }
}
