//! What is stored of users, keys and policies, and how it is read and written. Never rename a field.

use crate::{Error, Kind, Service};
use buildyard_model::{PolicyView, Timestamp, UserView};
use buildyard_store::{Change, DocumentKind, Expected};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A user, under the name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserRecord {
    pub(super) user_id: String,
    pub(super) created_at: Timestamp,
    /// Names of attached policies.
    #[serde(default)]
    pub(super) attached: Vec<String>,
    /// The user's own policies by name.
    #[serde(default)]
    pub(super) inline: BTreeMap<String, String>,
    /// Ids of the access keys: changed in one transaction with them.
    #[serde(default)]
    pub(super) keys: Vec<String>,
}

/// An access key, under its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyRecord {
    pub(super) user: String,
    pub(super) sealed_secret: String,
    pub(super) active: bool,
    pub(super) created_at: Timestamp,
    #[serde(default)]
    pub(super) last_used_at: Option<Timestamp>,
}

/// A policy, under its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyRecord {
    pub(super) document: String,
    pub(super) updated_at: Timestamp,
}

/// A record and the version it was read at.
#[derive(Debug, Clone)]
pub(super) struct Stored<T> {
    pub(super) version: u64,
    pub(super) record: T,
}

impl UserRecord {
    pub(super) fn view(&self, name: &str, account: &str) -> UserView {
        UserView {
            name: name.to_owned(),
            arn: arn(account, name),
            user_id: self.user_id.clone(),
            created_at: self.created_at,
            policies: self.attached.clone(),
            inline_policies: self.inline.keys().cloned().collect(),
            keys: self.keys.clone(),
        }
    }
}

impl PolicyRecord {
    pub(super) fn view(self, name: &str) -> PolicyView {
        let updated_at = Some(self.updated_at);
        PolicyView { name: name.to_owned(), managed: false, updated_at, document: self.document }
    }
}

pub(super) fn arn(account: &str, user: &str) -> String {
    format!("arn:aws:iam::{account}:user/{user}")
}

/// The change that writes a record, or removes it.
pub(super) fn change<T: Serialize>(
    kind: DocumentKind,
    key: &str,
    expected: Expected,
    record: Option<&T>,
) -> Result<Change, Error> {
    let body = record.map(serde_json::to_string).transpose();
    let body = body.map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(Change { kind, key: key.to_owned(), expected, body })
}

impl Service {
    /// A record of a kind, if there is one.
    pub(super) async fn stored<T: DeserializeOwned>(
        &self,
        kind: DocumentKind,
        key: &str,
    ) -> Result<Option<Stored<T>>, Error> {
        let Some(document) = self.store().document(kind, key).await? else { return Ok(None) };
        let record = read(kind, &document.key, &document.body)?;
        Ok(Some(Stored { version: document.version, record }))
    }

    /// Records of a kind by key, behind `after`; at most `limit`.
    pub(super) async fn all_stored<T: DeserializeOwned>(
        &self,
        kind: DocumentKind,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, T)>, Error> {
        let documents = self.store().documents(kind, "", after, limit).await?;
        documents.into_iter().map(|one| Ok((one.key.clone(), read(kind, &one.key, &one.body)?))).collect()
    }

    /// The user's record; an error when there is none.
    pub(super) async fn stored_user(&self, name: &str) -> Result<Stored<UserRecord>, Error> {
        let found = self.stored(DocumentKind::User, name).await?;
        found.ok_or_else(|| Error::not_found(format!("user {name} does not exist")))
    }

    /// Makes the changes, and lets nobody go by what was remembered before.
    pub(super) async fn change_access(&self, changes: &[Change]) -> Result<(), Error> {
        let (service, changes) = (self.clone(), changes.to_vec());
        // To its end, even when whoever asked goes away: what was changed must be forgotten.
        let changing = tokio::spawn(async move {
            let changed = service.store().change(&changes).await;
            // A failure may have come after the change.
            service.inner.users.remembered.forget();
            changed
        });
        Ok(changing.await.map_err(|error| Error::new(Kind::Internal, error.to_string()))??)
    }
}

fn read<T: DeserializeOwned>(kind: DocumentKind, key: &str, body: &str) -> Result<T, Error> {
    serde_json::from_str(body)
        .map_err(|error| Error::new(Kind::Internal, format!("{} {key} cannot be read: {error}", kind.name())))
}
