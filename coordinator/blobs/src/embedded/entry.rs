//! What is recorded of an object, beside its key.

use super::checksum::Checksum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The record of an object. Small contents follow it in the same file; larger ones lie in a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) size: u64,
    /// Without quotes: MD5 in hex, or for an object of several parts the MD5 of their MD5s, `-` and how many.
    pub(crate) etag: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) modified_ms: i64,
    #[serde(default)]
    pub(crate) attributes: Attributes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<Checksum>,
    /// Where the bytes are, unless they follow this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blob: Option<BlobRef>,
    /// The multipart upload that made the object, so that after a crash it is known to be complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upload: Option<String>,
}

/// What the uploader says of an object and gets back with it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    /// Seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<i64>,
    /// `x-amz-meta-*`, without that prefix.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Files of a blob that make an object, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobRef {
    pub(crate) id: String,
    pub(crate) files: Vec<BlobFile>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobFile {
    pub(crate) name: String,
    pub(crate) size: u64,
}

impl Entry {
    /// How many parts the object was uploaded in; `None` when it was one PUT.
    pub(crate) fn parts(&self) -> Option<usize> {
        self.etag.split_once('-').and_then(|(_, parts)| parts.parse().ok())
    }
}
