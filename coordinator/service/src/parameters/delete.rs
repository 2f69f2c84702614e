//! Removing a parameter with all its versions.

use super::error::ParameterError;
use super::place::past_key;
use super::record::ParameterRecord;
use super::reference;
use crate::safe::{Decision, Keep, Safe, beside};
use buildyard_store::DocumentKind;

impl Safe {
    /// Removes the parameter that `reference` names.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_parameter(&self, reference: &str) -> Result<(), ParameterError> {
        let missing = || ParameterError::NotFound(reference.to_owned());
        let asked = reference::read(reference, |arn| self.own("ssm", arn)).ok_or_else(missing)?;
        if asked.selector.is_some() {
            return Err(missing());
        }
        let found = self.parameter_record(&asked.names()).await?.ok_or_else(missing)?;
        let kind = DocumentKind::Parameter;
        self.change(kind, &found.metadata.name, |record: Option<ParameterRecord>| {
            let record = record.ok_or_else(missing)?;
            let past = record.oldest..record.metadata.version;
            let also = past.map(|version| beside(kind, past_key(&record.metadata.name, version), None)).collect();
            Ok(Decision { keep: Keep::Removed, also, answer: () })
        })
        .await
    }
}
