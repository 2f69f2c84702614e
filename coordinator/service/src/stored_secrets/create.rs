//! Making a secret.

use super::error::SecretError;
use super::find::KIND;
use super::record::{SecretRecord, SecretValue};
use super::rules;
use crate::safe::{Decision, Keep, Safe};
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// A secret as somebody wants it.
#[derive(Debug, Clone)]
pub struct NewSecret {
    pub name: String,
    pub description: Option<String>,
    pub key_id: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// The first version's id and value; a secret can be made without.
    pub version: Option<(String, SecretValue)>,
}

/// Whether a record was made or had to be looked at more closely.
enum Made {
    New(SecretRecord),
    Existed(SecretRecord),
}

impl Safe {
    /// Makes a secret. Asking again with the same version gives the secret that is there.
    ///
    /// # Errors
    /// `Exists`, and for every rule that it breaks.
    pub async fn create_secret(&self, new: &NewSecret) -> Result<SecretRecord, SecretError> {
        rules::check_name(&new.name)?;
        rules::check_tags(&new.tags)?;
        if let Some((id, value)) = &new.version {
            rules::check_token(id)?;
            rules::check_value(value)?;
        }
        let now = self.now();
        let made = self.change(KIND, &new.name, |before: Option<SecretRecord>| match before {
            Some(before) if before.is_over(now) => self.decide_create(new, Some(&before)),
            Some(before) if before.deletion.is_some() => Err(SecretError::Request(
                "a secret of this name is scheduled for deletion; restore it first".to_owned(),
            )),
            Some(before) => Ok(Decision::nothing(Made::Existed(before))),
            None => self.decide_create(new, None),
        });
        match made.await? {
            Made::New(record) => Ok(record),
            Made::Existed(record) => {
                let again = match &new.version {
                    Some((id, value)) => self.is_repetition(&record, id, value).await?,
                    None => false,
                };
                let exists = || SecretError::Exists(format!("the secret {} exists already", new.name));
                if again { Ok(record) } else { Err(exists()) }
            }
        }
    }

    fn decide_create(
        &self,
        new: &NewSecret,
        over: Option<&SecretRecord>,
    ) -> Result<Decision<SecretRecord, Made>, SecretError> {
        let mut record = SecretRecord {
            name: new.name.clone(),
            suffix: random_suffix(),
            description: new.description.clone(),
            key_id: new.key_id.clone(),
            tags: new.tags.clone(),
            created_at: self.now(),
            changed_at: self.now(),
            accessed_at: None,
            deletion: None,
            versions: Vec::new(),
        };
        let mut also = over.map(|over| super::find::removal(over, ()).also).unwrap_or_default();
        if let Some((id, value)) = &new.version {
            also.extend(self.add_version(&mut record, id, value, &BTreeSet::new())?);
        }
        Ok(Decision { keep: Keep::Replaced(record.clone()), also, answer: Made::New(record) })
    }
}

/// Six letters and digits.
pub(super) fn random_suffix() -> String {
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(6).map(char::from).collect()
}
