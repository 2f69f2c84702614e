//! Listing secrets, in the order that is asked for.

use super::error::SecretError;
use super::filter::{SecretFilter, passes};
use super::find::KIND;
use super::record::{BEFORE_NAMES, SecretRecord};
use crate::Error;
use crate::safe::{Safe, parse};
use buildyard_model::Timestamp;
use serde::Deserialize;

/// Records that are read at once.
const CHUNK: u32 = 500;

/// What orders a listing. The names are Secrets Manager's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SortSecretsBy {
    #[default]
    CreatedDate,
    LastAccessedDate,
    LastChangedDate,
    Name,
}

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretOrder {
    Asc,
    #[default]
    Desc,
}

/// A place in a listing: what it is ordered by, and a name.
pub type SecretPlace = (Timestamp, String);

/// Which secrets, in which order.
#[derive(Debug, Clone, Default)]
pub struct SecretQuery {
    pub filters: Vec<SecretFilter>,
    /// Deleted ones that can be restored, too.
    pub with_deleted: bool,
    pub sort_by: SortSecretsBy,
    pub order: SecretOrder,
}

impl Safe {
    /// Secrets that are asked for, at most `limit`, behind the place `after`; with the place behind which the next page
    /// begins. Those whose time is over are removed on the way.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn secrets(
        &self,
        query: &SecretQuery,
        after: Option<&SecretPlace>,
        limit: usize,
    ) -> Result<(Vec<SecretRecord>, Option<SecretPlace>), SecretError> {
        let mut found = self.all_secrets(query).await?;
        let compare = |a: &SecretPlace, b: &SecretPlace| match query.order {
            SecretOrder::Asc => a.cmp(b),
            SecretOrder::Desc => b.cmp(a),
        };
        found.sort_by(|a, b| compare(&place(query.sort_by, a), &place(query.sort_by, b)));
        found.retain(|record| after.is_none_or(|after| compare(&place(query.sort_by, record), after).is_gt()));
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| place(query.sort_by, last));
        Ok((found, next))
    }

    async fn all_secrets(&self, query: &SecretQuery) -> Result<Vec<SecretRecord>, SecretError> {
        let mut found: Vec<SecretRecord> = Vec::new();
        let mut after = BEFORE_NAMES.to_owned();
        loop {
            let documents = self.store().documents(KIND, "", &after, CHUNK).await.map_err(Error::from)?;
            let whole = documents.len() < CHUNK as usize;
            for document in documents {
                let record: SecretRecord = parse(KIND, &document.key, &document.body)?;
                if record.is_over(self.now()) {
                    self.forget(&record).await?;
                } else if (query.with_deleted || record.deletion.is_none()) && passes(&query.filters, &record) {
                    found.push(record);
                }
                after = document.key;
            }
            if whole {
                return Ok(found);
            }
        }
    }
}

fn place(by: SortSecretsBy, record: &SecretRecord) -> SecretPlace {
    let time = match by {
        SortSecretsBy::CreatedDate => record.created_at,
        SortSecretsBy::LastAccessedDate => record.accessed_at.unwrap_or_default(),
        SortSecretsBy::LastChangedDate => record.changed_at,
        SortSecretsBy::Name => Timestamp::default(),
    };
    (time, record.name.clone())
}
