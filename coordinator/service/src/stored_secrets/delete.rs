//! Deleting a secret, at once or after a time in which it can be restored.

use super::create::random_suffix;
use super::error::SecretError;
use super::find::removal;
use super::record::{PlannedDeletion, SecretRecord};
use crate::safe::{Decision, Safe};
use buildyard_model::Timestamp;
use std::time::Duration;

const WINDOW_DAYS: std::ops::RangeInclusive<i64> = 7..=30;
const DAY: Duration = Duration::from_secs(86_400);

/// How a secret is to go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deletion {
    /// 7 to 30; absent: 30.
    pub window_days: Option<i64>,
    /// At once. No error then when there is no such secret.
    pub force: bool,
}

impl Safe {
    /// Deletes a secret, and gives its name, its ARN and when it is gone.
    ///
    /// # Errors
    /// `NotFound`, `Parameter` for a window that is not allowed, `Request` when it is deleted already.
    pub async fn delete_secret(
        &self,
        id: &str,
        deletion: Deletion,
    ) -> Result<(String, String, Timestamp), SecretError> {
        if deletion.force && deletion.window_days.is_some() {
            return Err(SecretError::parameter(
                "RecoveryWindowInDays and ForceDeleteWithoutRecovery exclude each other",
            ));
        }
        let days = deletion.window_days.unwrap_or(*WINDOW_DAYS.end());
        let days = Some(days).filter(|days| WINDOW_DAYS.contains(days)).and_then(|days| u32::try_from(days).ok());
        let days = days.ok_or_else(|| SecretError::parameter("RecoveryWindowInDays must be from 7 to 30"))?;
        let now = self.now();
        let gone = self.change_secret(id, |mut record| {
            let name = record.name.clone();
            let arn = self.secret_arn(&record);
            if deletion.force {
                return Ok(removal(&record, (name, arn, now)));
            }
            if record.deletion.is_some() {
                return Err(SecretError::deleted());
            }
            let ends_at = now.plus(DAY * days);
            record.deletion = Some(PlannedDeletion { asked_at: now, ends_at });
            Ok(Decision::replace(record, (name, arn, ends_at)))
        });
        match gone.await {
            Err(SecretError::NotFound) if deletion.force => {
                let name = id.rsplit(':').next().unwrap_or(id).to_owned();
                let unknown = self.arn("secretsmanager", &format!("secret:{name}-{}", random_suffix()));
                let arn = if id.starts_with("arn:") { id.to_owned() } else { unknown };
                Ok((name, arn, now))
            }
            gone => gone,
        }
    }

    /// Takes a deletion back.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn restore_secret(&self, id: &str) -> Result<SecretRecord, SecretError> {
        self.change_secret(id, |record| {
            let restored = SecretRecord { deletion: None, ..record };
            Ok(Decision::replace(restored.clone(), restored))
        })
        .await
    }
}
