//! A project in CodeBuild's own shape (reference 17.1), as it is stored, given back and copied into each build.
//!
//! Members that the engine does not act on yet are kept as they came. Enumerations that only pass through are texts:
//! whoever takes a project in has checked them against the service's shapes.

mod environment;
mod settings;
mod source;

pub use environment::{
    ComputeConfiguration, DockerServer, DockerServerStatus, ProjectEnvironment, ProjectFleet, RegistryCredential,
};
pub use settings::{
    BatchRestrictions, CloudWatchLogsConfig, LogsConfig, ProjectBadge, ProjectBuildBatchConfig, ProjectCache,
    ProjectFileSystemLocation, S3LogsConfig, Tag, VpcConfig,
};
pub use source::{BuildStatusConfig, GitSubmodulesConfig, ProjectSource, ProjectSourceVersion, SourceAuth};

use crate::time::Epoch;
use serde::{Deserialize, Serialize};

/// CodeBuild's `Project`. Lists that CodeBuild always gives are always written; what is absent is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Project {
    pub name: String,
    pub arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub source: ProjectSource,
    pub secondary_sources: Vec<ProjectSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_version: Option<String>,
    pub secondary_source_versions: Vec<ProjectSourceVersion>,
    pub artifacts: ProjectArtifacts,
    pub secondary_artifacts: Vec<ProjectArtifacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<ProjectCache>,
    pub environment: ProjectEnvironment,
    pub service_role: String,
    /// 5 to 2160.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_in_minutes: Option<u32>,
    /// 5 to 480.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_timeout_in_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_key: Option<String>,
    pub tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_config: Option<VpcConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<ProjectBadge>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_config: Option<LogsConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_system_locations: Option<Vec<ProjectFileSystemLocation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_batch_config: Option<ProjectBuildBatchConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent_build_limit: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_visibility: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_project_alias: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_access_role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_retry_limit: Option<i32>,
}

/// CodeBuild's `ProjectArtifacts`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectArtifacts {
    /// CODEPIPELINE, S3 or NO_ARTIFACTS.
    #[serde(rename = "type")]
    pub kind: String,
    /// The bucket, by name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// NONE or BUILD_ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// NONE or ZIP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packaging: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_artifact_name: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_disabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_identifier: Option<String>,
    /// NONE, READ_ONLY or FULL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_owner_access: Option<String>,
}
