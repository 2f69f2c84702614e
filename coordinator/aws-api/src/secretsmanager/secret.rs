//! The structures of Secrets Manager's answers that describe a secret.

use crate::context::Context;
use buildyard_model::Epoch;
use buildyard_service::stored_secrets::SecretRecord;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    #[serde(default)]
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

/// Tags by key; the last one of a key counts.
pub(super) fn tags(list: Vec<Tag>) -> BTreeMap<String, String> {
    list.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// Which secret: in every answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Identity {
    #[serde(rename = "ARN")]
    pub(super) arn: String,
    pub(super) name: String,
}

impl Identity {
    pub(super) fn of(context: &Context, record: &SecretRecord) -> Self {
        Self { arn: context.service.safe().secret_arn(record), name: record.name.clone() }
    }
}

/// Everything that is said of a secret but its versions, which the operations name differently.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Description {
    #[serde(flatten)]
    identity: Identity,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    created_date: Epoch,
    last_changed_date: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_accessed_date: Option<Epoch>,
    /// When the secret was deleted, while it can be restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_date: Option<Epoch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

impl Description {
    pub(super) fn of(context: &Context, record: &SecretRecord) -> Self {
        let tag = |(key, value): (&String, &String)| Tag { key: key.clone(), value: value.clone() };
        Self {
            identity: Identity::of(context, record),
            description: record.description.clone(),
            kms_key_id: record.key_id.clone(),
            created_date: Epoch(record.created_at),
            last_changed_date: Epoch(record.changed_at),
            last_accessed_date: record.accessed_at.map(Epoch),
            deleted_date: record.deletion.map(|deletion| Epoch(deletion.asked_at)),
            tags: record.tags.iter().map(tag).collect(),
        }
    }
}

/// The stages of those versions that have some.
pub(super) fn stages(record: &SecretRecord) -> BTreeMap<String, Vec<String>> {
    let staged = record.versions.iter().filter(|version| !version.stages.is_empty());
    staged.map(|version| (version.id.clone(), version.stages.iter().cloned().collect())).collect()
}
