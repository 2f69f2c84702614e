//! What a project's builds run in (reference 17.1).

use crate::environment::EnvironmentVariable;
use serde::{Deserialize, Serialize};

/// CodeBuild's `ProjectEnvironment`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectEnvironment {
    /// LINUX_CONTAINER, ARM_CONTAINER and so on.
    #[serde(rename = "type")]
    pub kind: String,
    pub image: String,
    pub compute_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_configuration: Option<ComputeConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<ProjectFleet>,
    pub environment_variables: Vec<EnvironmentVariable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged_mode: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_credential: Option<RegistryCredential>,
    /// CODEBUILD or SERVICE_ROLE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_credentials_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_server: Option<DockerServer>,
    /// Newer than the model: kept and given back (reference 17.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_kernel: Option<String>,
}

/// Compute by attributes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ComputeConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v_cpu: Option<i64>,
    /// GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i64>,
    /// GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
}

/// The fleet whose agents run the builds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectFleet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet_arn: Option<String>,
}

/// The secret with which a private registry is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistryCredential {
    pub credential: String,
    pub credential_provider: String,
}

/// A docker server beside the build.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DockerServer {
    pub compute_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DockerServerStatus>,
}

/// How the docker server is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DockerServerStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
