//! The safe: the records and the vault together. Whatever must not lie in clear goes through it.
//!
//! Invariant: a value of a SecureString parameter or of a secret is in the store only sealed for its own place.

mod change;

pub(crate) use change::{Decision, Keep, beside, text};

use crate::{Error, Kind, Service};
use buildyard_model::{Clock, Secret, Timestamp};
use buildyard_store::{DocumentKind, Store};
use buildyard_vault::{Vault, VaultError};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Parameters and secrets of the account, sealed in the store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Safe {
    store: Arc<dyn Store>,
    vault: Vault,
    clock: Arc<dyn Clock>,
    region: Arc<str>,
    account: Arc<str>,
}

impl Safe {
    /// A safe over `store`; region and account are those of the ARNs.
    pub fn new(store: Arc<dyn Store>, vault: Vault, clock: Arc<dyn Clock>, region: &str, account: &str) -> Self {
        Self { store, vault, clock, region: region.into(), account: account.into() }
    }

    /// `arn:aws:<service>:<region>:<account>:<resource>`.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The resource of an ARN of this account and region.
    pub(crate) fn own<'a>(&self, service: &str, arn: &'a str) -> Option<&'a str> {
        arn.strip_prefix(&self.arn(service, ""))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn close(&self, place: &str, text: &Secret) -> Result<String, Error> {
        self.vault.seal(place, text).map_err(|error| Error::new(Kind::Internal, error.to_string()))
    }

    pub(crate) fn open(&self, place: &str, sealed: &str) -> Result<Secret, VaultError> {
        self.vault.unseal(place, sealed)
    }

    /// A record and its version in the store.
    pub(crate) async fn read<R: DeserializeOwned>(
        &self,
        kind: DocumentKind,
        key: &str,
    ) -> Result<Option<(u64, R)>, Error> {
        let Some(document) = self.store.document(kind, key).await? else { return Ok(None) };
        Ok(Some((document.version, parse(kind, key, &document.body)?)))
    }
}

/// Says no more of a record that cannot be read than where: the rest could be a secret.
pub(crate) fn parse<R: DeserializeOwned>(kind: DocumentKind, key: &str, body: &str) -> Result<R, Error> {
    serde_json::from_str(body).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        Error::new(Kind::Internal, format!("the record of {} {key} is damaged at {place}", kind.name()))
    })
}

impl Service {
    /// The account's parameters and secrets.
    pub fn safe(&self) -> &Safe {
        &self.inner.safe
    }

    /// Seals a text for `place`: what it is and whose (`source-credential/<arn>`). What is given can lie in any record.
    ///
    /// # Errors
    /// `Internal` when the system gives no random bytes.
    pub fn seal(&self, place: &str, text: &Secret) -> Result<String, Error> {
        self.safe().close(place, text)
    }

    /// The text that was sealed for `place`.
    ///
    /// # Errors
    /// `Internal` when it was not, or when the vault's key is another one now.
    pub fn unseal(&self, place: &str, sealed: &str) -> Result<Secret, Error> {
        self.safe().open(place, sealed).map_err(|error| Error::new(Kind::Internal, format!("{place}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Rig;
    use buildyard_model::Secret;

    #[tokio::test]
    async fn a_sealed_text_opens_in_its_own_place_only_and_errors_do_not_show_it() {
        let rig = Rig::start().await;
        let sealed = rig.service.seal("source-credential/a", &Secret::new("hunter2")).unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_eq!(rig.service.unseal("source-credential/a", &sealed).unwrap().expose(), "hunter2");
        let error = rig.service.unseal("source-credential/b", &sealed).unwrap_err();
        assert!(error.message.contains("source-credential/b") && error.message.contains("vault.key"), "{error}");
    }
}
