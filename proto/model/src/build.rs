//! A build as people and programs see it from outside.

use crate::artifact::ArtifactRecord;
use crate::compute::Resources;
use crate::fleet::FleetName;
use crate::id::{AgentId, BuildId, ProjectName};
use crate::job::RetryOf;
use crate::log::LogOffset;
use crate::outcome::BuildStatus;
use crate::phase::{Phase, PhaseRecord};
use crate::source::Source;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What `show`, `builds` and `--output json` give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildView {
    pub id: BuildId,
    pub arn: String,
    pub project: ProjectName,
    pub build_number: u64,
    pub initiator: String,
    pub build_status: BuildStatus,
    pub build_complete: bool,
    pub current_phase: Phase,
    pub start_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    pub phases: Vec<PhaseRecord>,
    /// Credentials removed.
    pub source: Source,
    /// The commit that was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_source_version: Option<String>,
    pub image: String,
    /// What its compute type stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The image by digest, once an agent resolved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// Which try is the newest, from 1; 0 while none began.
    pub attempt: u32,
    /// Who runs or ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Names and values of exported variables.
    #[serde(default)]
    pub exported_environment_variables: Vec<(String, String)>,
    #[serde(default)]
    pub artifacts: Vec<ArtifactRecord>,
    /// The whole log's length, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<LogOffset>,
    /// Set when this build repeats a failed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<RetryOf>,
    /// The build that repeats this one, when `on-failure` asked for another try (reference 2.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_retry: Option<BuildId>,
    /// Why the build ended as FAULT or waits, if there is more to say than the phases do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The higher goes first; 0 is the usual.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub priority: i32,
    /// The fleet that its project named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetName>,
}

fn is_usual(priority: &i32) -> bool {
    *priority == 0
}
