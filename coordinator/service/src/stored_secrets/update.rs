//! Changing what is said of a secret, and its value if one is given.

use super::error::SecretError;
use super::record::{CURRENT, SecretRecord, SecretValue};
use super::rules;
use crate::safe::{Decision, Keep, Safe};
use std::collections::BTreeSet;

/// What is to be changed; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct SecretUpdate {
    pub description: Option<String>,
    pub key_id: Option<String>,
    /// A new current version: its id and value.
    pub version: Option<(String, SecretValue)>,
}

impl Safe {
    /// Changes a secret. A version that is there with the same value already is not made again.
    ///
    /// # Errors
    /// `NotFound`, `Request` for a deleted secret, `Exists` for a version id that has another value.
    pub async fn update_secret(&self, id: &str, update: &SecretUpdate) -> Result<SecretRecord, SecretError> {
        if let Some((version, value)) = &update.version {
            rules::check_token(version)?;
            rules::check_value(value)?;
            // Before anything is written; and behind it, for whoever was as fast.
            self.is_repetition(&self.find_secret(id).await?, version, value).await?;
        }
        let current = BTreeSet::from([CURRENT.to_owned()]);
        let changed = self.change_live_secret(id, |mut record| {
            record.description = update.description.clone().or(record.description);
            record.key_id = update.key_id.clone().or(record.key_id);
            record.changed_at = self.now();
            let also = match &update.version {
                Some((version, value)) if record.version(version).is_none() => {
                    self.add_version(&mut record, version, value, &current)?
                }
                _ => Vec::new(),
            };
            Ok(Decision { keep: Keep::Replaced(record.clone()), also, answer: record })
        });
        let record = changed.await?;
        if let Some((version, value)) = &update.version {
            self.is_repetition(&record, version, value).await?;
        }
        Ok(record)
    }
}
