//! Giving a secret a version more, and moving stages.

use super::error::SecretError;
use super::record::{CURRENT, SecretRecord, SecretValue, SecretVersion};
use super::{rules, stages};
use crate::safe::{Decision, Keep, Safe};
use std::collections::BTreeSet;

/// A version as somebody wants it.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// Its id; asking again with it does nothing.
    pub id: String,
    pub value: SecretValue,
    /// Absent: AWSCURRENT.
    pub stages: Option<BTreeSet<String>>,
}

impl Safe {
    /// Adds a version. Asking again gives the version that is there.
    ///
    /// # Errors
    /// `NotFound`, `Request` for a deleted secret, `Exists` for an id that has another value.
    pub async fn put_secret_value(
        &self,
        id: &str,
        new: &NewVersion,
    ) -> Result<(SecretRecord, SecretVersion), SecretError> {
        rules::check_token(&new.id)?;
        rules::check_value(&new.value)?;
        let wanted = new.stages.clone().unwrap_or_else(|| BTreeSet::from([CURRENT.to_owned()]));
        rules::check_stages(&wanted)?;
        let made = self.change_live_secret(id, |mut record| {
            if record.version(&new.id).is_some() {
                return Ok(Decision::nothing((record, true)));
            }
            let also = self.add_version(&mut record, &new.id, &new.value, &wanted)?;
            Ok(Decision { keep: Keep::Replaced(record.clone()), also, answer: (record, false) })
        });
        let (record, was_there) = made.await?;
        if was_there {
            self.is_repetition(&record, &new.id, &new.value).await?;
        }
        let version = record.version(&new.id).cloned();
        let version = version.ok_or_else(|| SecretError::NoValue(format!("VersionId: {}", new.id)))?;
        Ok((record, version))
    }

    /// Moves a stage to a version, or takes it away from one.
    ///
    /// # Errors
    /// `NotFound`, `NoValue`, `Request` for a deleted secret, `Parameter` when the stage is somewhere else.
    pub async fn update_secret_stage(
        &self,
        id: &str,
        stage: &str,
        remove_from: Option<&str>,
        move_to: Option<&str>,
    ) -> Result<SecretRecord, SecretError> {
        self.change_live_secret(id, |mut record| {
            stages::update(&mut record, stage, remove_from, move_to)?;
            record.changed_at = self.now();
            Ok(Decision::replace(record.clone(), record))
        })
        .await
    }
}
