//! Adding a version to a secret, at most once for each id.

use super::error::SecretError;
use super::find::{KIND, value_gone};
use super::record::{CURRENT, SealedValue, SecretRecord, SecretValue, SecretVersion};
use super::{rules, stages};
use crate::safe::{Safe, beside, text};
use buildyard_model::Secret;
use buildyard_store::Change;
use std::collections::BTreeSet;

impl Safe {
    /// Adds a version with its stages, and gives what must be written beside the record.
    pub(super) fn add_version(
        &self,
        record: &mut SecretRecord,
        id: &str,
        value: &SecretValue,
        wanted: &BTreeSet<String>,
    ) -> Result<Vec<Change>, SecretError> {
        let sealed = self.close(&record.place(id), value.inner())?;
        let mut also = vec![beside(KIND, record.value_key(id), Some(text(&SealedValue { sealed })?))];
        let first = record.versions.is_empty();
        record.versions.push(SecretVersion {
            id: id.to_owned(),
            stages: BTreeSet::new(),
            created_at: self.now(),
            binary: value.is_binary(),
        });
        for stage in wanted.iter().map(String::as_str).chain(first.then_some(CURRENT)) {
            stages::attach(record, stage, id);
        }
        if let Some(version) = record.version(id) {
            rules::check_stages(&version.stages)?;
        }
        also.extend(stages::prune(record)?.iter().map(|gone| value_gone(record, gone)));
        record.changed_at = self.now();
        Ok(also)
    }

    /// Whether the version that is there already has this value: then its writer only asks again.
    pub(super) async fn is_repetition(
        &self,
        record: &SecretRecord,
        id: &str,
        value: &SecretValue,
    ) -> Result<bool, SecretError> {
        let Some(version) = record.version(id) else { return Ok(false) };
        let same = self.version_text(record, id).await? == *value.inner() && version.binary == value.is_binary();
        if same {
            return Ok(true);
        }
        Err(SecretError::Exists(format!("version {id} of the secret is there already, with another value")))
    }

    /// The value of a version, opened.
    pub(super) async fn version_text(&self, record: &SecretRecord, id: &str) -> Result<Secret, SecretError> {
        let value = self.read::<SealedValue>(KIND, &record.value_key(id)).await?;
        let (_, value) = value.ok_or_else(|| SecretError::NoValue(format!("VersionId: {id}")))?;
        let opened = self.open(&record.place(id), &value.sealed);
        opened.map_err(|_| SecretError::Sealed(record.name.clone()))
    }
}
