//! A secret's tags.

use super::error::SecretError;
use super::rules;
use crate::safe::{Decision, Safe};
use std::collections::BTreeMap;

impl Safe {
    /// Sets tags, and then takes those away that `removed` names.
    ///
    /// # Errors
    /// `NotFound`, `Request` for a deleted secret, `Parameter` for tags that are not allowed.
    pub async fn tag_secret(
        &self,
        id: &str,
        added: &BTreeMap<String, String>,
        removed: &[String],
    ) -> Result<(), SecretError> {
        self.change_live_secret(id, |mut record| {
            record.tags.extend(added.clone());
            record.tags.retain(|key, _| !removed.contains(key));
            rules::check_tags(&record.tags)?;
            Ok(Decision::replace(record, ()))
        })
        .await
    }
}
