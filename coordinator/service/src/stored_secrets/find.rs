//! Finding a secret, and changing the one that was found.

use super::error::SecretError;
use super::record::{SecretRecord, can_be_name};
use super::reference;
use crate::safe::{Decision, Keep, Safe, beside};
use buildyard_store::{Change, DocumentKind};

pub(super) const KIND: DocumentKind = DocumentKind::Secret;

impl Safe {
    /// The ARN of a secret.
    pub fn secret_arn(&self, record: &SecretRecord) -> String {
        self.arn("secretsmanager", &format!("secret:{}", record.resource()))
    }

    /// The ARN of a secret that is not there: with a question mark for each character that nobody knows.
    pub fn absent_secret_arn(&self, id: &str) -> String {
        if id.starts_with("arn:") { id.to_owned() } else { self.arn("secretsmanager", &format!("secret:{id}-??????")) }
    }

    /// The secret that `id` (name, ARN, ARN without its last characters) names, if there is one. One that is deleted
    /// and can be restored still counts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn secret(&self, id: &str) -> Result<Option<SecretRecord>, SecretError> {
        let candidates = reference::candidates(id, |arn| self.own("secretsmanager", arn));
        for candidate in candidates.into_iter().filter(|candidate| can_be_name(candidate.name)) {
            let Some((_, record)) = self.read::<SecretRecord>(KIND, candidate.name).await? else { continue };
            if candidate.suffix.is_some_and(|suffix| suffix != record.suffix) {
                continue;
            }
            if record.is_over(self.now()) {
                self.forget(&record).await?;
                return Ok(None);
            }
            return Ok(Some(record));
        }
        Ok(None)
    }

    /// The secret, or NotFound.
    pub(super) async fn find_secret(&self, id: &str) -> Result<SecretRecord, SecretError> {
        self.secret(id).await?.ok_or(SecretError::NotFound)
    }

    /// Changes the secret that `id` names, as long as it is the one that was found.
    pub(super) async fn change_secret<T>(
        &self,
        id: &str,
        decide: impl Fn(SecretRecord) -> Result<Decision<SecretRecord, T>, SecretError>,
    ) -> Result<T, SecretError> {
        let found = self.find_secret(id).await?;
        self.change(KIND, &found.name, |record: Option<SecretRecord>| match record {
            Some(record) if record.suffix == found.suffix => decide(record),
            _ => Err(SecretError::NotFound),
        })
        .await
    }

    /// As `change_secret`, for a secret that is not deleted.
    pub(super) async fn change_live_secret<T>(
        &self,
        id: &str,
        decide: impl Fn(SecretRecord) -> Result<Decision<SecretRecord, T>, SecretError>,
    ) -> Result<T, SecretError> {
        let live = |record: SecretRecord| {
            if record.deletion.is_some() { Err(SecretError::deleted()) } else { decide(record) }
        };
        self.change_secret(id, live).await
    }

    /// Removes a secret whose time is over, with its values.
    pub(super) async fn forget(&self, over: &SecretRecord) -> Result<(), SecretError> {
        let now = self.now();
        self.change(KIND, &over.name, |record: Option<SecretRecord>| match record {
            Some(record) if record.suffix == over.suffix && record.is_over(now) => Ok(removal(&record, ())),
            _ => Ok::<_, SecretError>(Decision::nothing(())),
        })
        .await
    }
}

/// The end of a secret and of all its values.
pub(super) fn removal<T>(record: &SecretRecord, answer: T) -> Decision<SecretRecord, T> {
    let also = record.versions.iter().map(|version| value_gone(record, &version.id)).collect();
    Decision { keep: Keep::Removed, also, answer }
}

/// The end of one version's value.
pub(super) fn value_gone(record: &SecretRecord, version: &str) -> Change {
    beside(KIND, record.value_key(version), None)
}
