//! What is stored of a secret, and where.

use buildyard_model::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const CURRENT: &str = "AWSCURRENT";
pub(crate) const PREVIOUS: &str = "AWSPREVIOUS";
/// Before the keys of values; no name begins with it, and it comes before every name.
const VALUE: char = '!';
/// Comes behind all values and before every name.
pub(super) const BEFORE_NAMES: &str = "\"";

/// Whether a text can be a secret's name, and not the key of a value.
pub(super) fn can_be_name(text: &str) -> bool {
    !text.starts_with(VALUE)
}

/// A value: a text, or bytes as base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretValue {
    Text(Secret),
    Binary(Secret),
}

impl SecretValue {
    pub(super) fn inner(&self) -> &Secret {
        match self {
            Self::Text(secret) | Self::Binary(secret) => secret,
        }
    }

    pub(super) fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }
}

/// A version, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretVersion {
    /// As its writer named it (`ClientRequestToken`).
    pub id: String,
    pub stages: BTreeSet<String>,
    pub created_at: Timestamp,
    /// Whether its value is base64 of bytes.
    pub binary: bool,
}

/// When a deleted secret goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDeletion {
    pub asked_at: Timestamp,
    pub ends_at: Timestamp,
}

/// The record of a secret: everything but the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRecord {
    pub name: String,
    /// The six characters at the end of its ARN, which tell it from others that had the name.
    pub suffix: String,
    pub description: Option<String>,
    /// The name of the key that was asked for. The vault has one key only.
    pub key_id: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// The day (UTC) of the last read.
    pub accessed_at: Option<Timestamp>,
    pub deletion: Option<PlannedDeletion>,
    /// Oldest first.
    pub versions: Vec<SecretVersion>,
}

impl SecretRecord {
    /// `<name>-<suffix>`, as in the ARN.
    pub(super) fn resource(&self) -> String {
        format!("{}-{}", self.name, self.suffix)
    }

    pub(super) fn version(&self, id: &str) -> Option<&SecretVersion> {
        self.versions.iter().find(|version| version.id == id)
    }

    pub(super) fn holder(&self, stage: &str) -> Option<&SecretVersion> {
        self.versions.iter().find(|version| version.stages.contains(stage))
    }

    /// The key of a version's value.
    pub(super) fn value_key(&self, version: &str) -> String {
        format!("{VALUE}{}:{version}", self.resource())
    }

    /// The place a version's value is sealed for.
    pub(super) fn place(&self, version: &str) -> String {
        format!("secret/{}:{version}", self.resource())
    }

    /// Whether a deleted secret's time is over.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.deletion.is_some_and(|deletion| deletion.ends_at <= now)
    }
}

/// A version's value as it lies in the store.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SealedValue {
    pub(super) sealed: String,
}
