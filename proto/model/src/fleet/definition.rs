//! CodeBuild's `Fleet` (reference 11.1), as its API shows it and as it is stored.

use crate::project::{ComputeConfiguration, Tag, VpcConfig};
use crate::time::Epoch;
use serde::{Deserialize, Serialize};

/// A fleet that was made through CodeBuild's API.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fleet {
    pub arn: String,
    pub name: String,
    /// The uuid that the ARN ends in.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Epoch>,
    pub status: FleetStatus,
    /// Machines that there are at least.
    pub base_capacity: u32,
    pub environment_type: String,
    pub compute_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_configuration: Option<ComputeConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_configuration: Option<ScalingConfiguration>,
    /// QUEUE or ON_DEMAND.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow_behavior: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_config: Option<VpcConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_configuration: Option<ProxyConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet_service_role: Option<String>,
    pub tags: Vec<Tag>,
}

/// Where a fleet stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FleetStatus {
    pub status_code: FleetStatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<FleetContextCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// CodeBuild's `FleetStatusCode`, as far as a fleet here can have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FleetStatusCode {
    #[default]
    Creating,
    Updating,
    /// Its builds go on; it takes no new ones.
    PendingDeletion,
    /// Its instances end.
    Deleting,
    CreateFailed,
    Active,
}

/// CodeBuild's `FleetContextCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FleetContextCode {
    CreateFailed,
    UpdateFailed,
    ActionRequired,
    PendingDeletion,
    InsufficientCapacity,
}

/// How a fleet grows beyond its base capacity.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalingConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_tracking_scaling_configs: Vec<TargetTracking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_capacity: Option<u32>,
    /// Only in answers: how many machines there are to be now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_capacity: Option<u32>,
}

/// CodeBuild's `TargetTrackingScalingConfiguration`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TargetTracking {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<String>,
    /// Percent of the machines that are to be in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_value: Option<f64>,
}

/// What a fleet's builds may reach; kept for clients, not acted on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_behavior: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_proxy_rules: Option<Vec<ProxyRule>>,
}

/// CodeBuild's `FleetProxyRule`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyRule {
    #[serde(rename = "type")]
    pub kind: String,
    pub effect: String,
    pub entities: Vec<String>,
}
