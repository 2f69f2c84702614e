//! What is stored of a parameter.

use buildyard_model::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a value is. Names are SSM's, and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterType {
    String,
    StringList,
    /// Sealed.
    SecureString,
}

impl ParameterType {
    /// As SSM writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringList => "StringList",
            Self::SecureString => "SecureString",
        }
    }
}

/// How much may be stored. Names are SSM's, and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// 4 KiB.
    Standard,
    /// 8 KiB.
    Advanced,
    /// Standard as long as that is enough. Never stored.
    #[serde(rename = "Intelligent-Tiering")]
    Intelligent,
}

impl Tier {
    /// As SSM writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Advanced => "Advanced",
            Self::Intelligent => "Intelligent-Tiering",
        }
    }
}

/// Everything about a parameter but its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterMetadata {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ParameterType,
    pub version: u64,
    pub modified_at: Timestamp,
    /// The ARN of whoever wrote the newest version.
    pub modified_by: String,
    pub description: Option<String>,
    pub allowed_pattern: Option<String>,
    /// Of SecureStrings: the name of the key that was asked for. The vault has one key only.
    pub key_id: Option<String>,
    pub tier: Tier,
    pub data_type: String,
    pub tags: BTreeMap<String, String>,
}

/// The record of a parameter: its metadata and its newest value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ParameterRecord {
    #[serde(flatten)]
    pub(super) metadata: ParameterMetadata,
    /// The oldest version that is still there.
    pub(super) oldest: u64,
    pub(super) value: Kept,
}

/// An older version, in a document of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PastVersion {
    #[serde(rename = "type")]
    pub(super) kind: ParameterType,
    pub(super) modified_at: Timestamp,
    pub(super) data_type: String,
    pub(super) value: Kept,
}

/// A value as it lies in the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kept {
    Clear(Secret),
    Sealed(String),
}
