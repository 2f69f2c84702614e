//! Reading the value of one version.

use super::error::SecretError;
use super::find::KIND;
use super::record::{CURRENT, SecretRecord, SecretValue, SecretVersion};
use crate::safe::{Decision, Safe};
use buildyard_model::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// Which version.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    pub version_id: Option<&'a str>,
    /// AWSCURRENT when neither is given.
    pub stage: Option<&'a str>,
}

/// A version and its value.
#[derive(Debug, Clone)]
pub struct SecretVersionValue {
    pub record: SecretRecord,
    pub version: SecretVersion,
    pub value: SecretValue,
}

impl Safe {
    /// The value of a version of the secret that `id` names.
    ///
    /// # Errors
    /// `NotFound`, `NoValue`, `Request` for a deleted secret, `Sealed` when it cannot be opened.
    pub async fn secret_value(&self, id: &str, wanted: Wanted<'_>) -> Result<SecretVersionValue, SecretError> {
        let record = self.find_secret(id).await?;
        if record.deletion.is_some() {
            return Err(SecretError::deleted());
        }
        let version = pick(&record, wanted)?.clone();
        let text = self.version_text(&record, &version.id).await?;
        let value = if version.binary { SecretValue::Binary(text) } else { SecretValue::Text(text) };
        self.note_access(&record).await;
        Ok(SecretVersionValue { record, version, value })
    }

    /// Writes down the day of a read, once a day. A read does not fail by it.
    async fn note_access(&self, record: &SecretRecord) {
        let today = Timestamp(self.now().0.div_euclid(DAY_MS) * DAY_MS);
        if record.accessed_at == Some(today) {
            return;
        }
        let noted = self.change(KIND, &record.name, |now: Option<SecretRecord>| match now {
            Some(now) if now.suffix == record.suffix && now.accessed_at != Some(today) => {
                Ok::<_, SecretError>(Decision::replace(SecretRecord { accessed_at: Some(today), ..now }, ()))
            }
            _ => Ok(Decision::nothing(())),
        });
        if let Err(error) = noted.await {
            tracing::warn!(secret = record.name, %error, "the day of a secret's last read could not be noted");
        }
    }
}

fn pick<'a>(record: &'a SecretRecord, wanted: Wanted<'_>) -> Result<&'a SecretVersion, SecretError> {
    let Some(id) = wanted.version_id else {
        let stage = wanted.stage.unwrap_or(CURRENT);
        return record.holder(stage).ok_or_else(|| SecretError::NoValue(format!("staging label: {stage}")));
    };
    let version = record.version(id).ok_or_else(|| SecretError::NoValue(format!("VersionId: {id}")))?;
    match wanted.stage.filter(|stage| !version.stages.contains(*stage)) {
        Some(stage) => Err(SecretError::Request(format!("the staging label {stage} is not at version {id}"))),
        None => Ok(version),
    }
}
