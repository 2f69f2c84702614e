//! A report group in CodeBuild's own shape (reference 8.1): a name under which reports of tests or coverage are kept.

use crate::project::Tag;
use crate::time::Epoch;
use serde::{Deserialize, Serialize};

/// CodeBuild's `ReportGroup`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportGroup {
    pub arn: String,
    pub name: String,
    /// TEST or CODE_COVERAGE.
    #[serde(rename = "type")]
    pub kind: String,
    pub export_config: ReportExportConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Epoch>,
    pub tags: Vec<Tag>,
    /// ACTIVE or DELETING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// CodeBuild's `ReportExportConfig`: where the raw files of reports go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportExportConfig {
    /// S3 or NO_EXPORT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_config_type: Option<String>,
    #[serde(rename = "s3Destination", skip_serializing_if = "Option::is_none")]
    pub s3_destination: Option<S3ReportExportConfig>,
}

/// CodeBuild's `S3ReportExportConfig`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct S3ReportExportConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// ZIP or NONE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packaging: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_disabled: Option<bool>,
}
