//! A parameter's tags.

use super::error::ParameterError;
use super::place::can_be_name;
use super::record::ParameterRecord;
use super::rules;
use crate::safe::{Decision, Safe};
use buildyard_store::DocumentKind;
use std::collections::BTreeMap;

impl Safe {
    /// Sets tags, and then takes those away that `removed` names.
    ///
    /// # Errors
    /// `NotFound`, `TooManyTags`, or `Invalid` for a key that is AWS's own.
    pub async fn tag_parameter(
        &self,
        name: &str,
        added: &BTreeMap<String, String>,
        removed: &[String],
    ) -> Result<(), ParameterError> {
        if !can_be_name(name) {
            return Err(ParameterError::NotFound(name.to_owned()));
        }
        self.change(DocumentKind::Parameter, name, |record: Option<ParameterRecord>| {
            let mut record = record.ok_or_else(|| ParameterError::NotFound(name.to_owned()))?;
            record.metadata.tags.extend(added.clone());
            record.metadata.tags.retain(|key, _| !removed.contains(key));
            rules::check_tags(&record.metadata.tags)?;
            Ok(Decision::replace(record, ()))
        })
        .await
    }

    /// The tags by key.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn parameter_tags(&self, name: &str) -> Result<BTreeMap<String, String>, ParameterError> {
        let record = self.parameter_record(&[name.to_owned()]).await?;
        Ok(record.ok_or_else(|| ParameterError::NotFound(name.to_owned()))?.metadata.tags)
    }
}
