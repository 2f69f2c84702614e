//! Why a build waits, what would end that, and when it is expected to start.

use crate::compute::Resources;
use crate::fleet::FleetName;
use crate::id::{AgentId, BuildId, ProjectName};
use crate::outcome::BuildStatus;
use crate::phase::Phase;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An agent and what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentWord {
    pub agent: AgentId,
    /// "is draining"
    pub word: String,
}

/// One reason for which a build waits. Lists of agents hold the first few; `more` counts the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum WaitReason {
    /// No agent is connected.
    NoAgent,
    /// Agents are connected, but none could ever take it.
    NoFit { agents: Vec<AgentWord>, more: usize },
    /// Those that could take it take no builds now: drained, unhealthy, resting.
    Closed { agents: Vec<AgentWord>, more: usize },
    /// It is larger than every agent that could take it, so that it needs an idle one.
    TooLarge { wanted: Resources, largest: Resources },
    /// Those that could take it have no room.
    Full { agents: Vec<AgentId>, more: usize },
    /// Others go first.
    Behind {
        /// How many; counted up to a limit.
        builds: usize,
        /// Whether there are more than were counted.
        or_more: bool,
        project: ProjectName,
        /// Slots that its project has now, of all slots in use.
        slots: u32,
        of: u32,
        weight: u32,
    },
    /// Instances were asked for whose agents have not joined yet.
    Scaling { fleet: FleetName, launches: u32 },
    /// There is room and nobody goes first.
    Next { agent: AgentId },
}

/// When a build is expected to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartEstimate {
    /// One in ten such builds starts before this.
    pub earliest: Timestamp,
    /// Half of them start before this.
    pub expected: Timestamp,
    /// Nine in ten start before this.
    pub latest: Timestamp,
    /// How many recent builds it is made from.
    pub from_builds: u32,
}

/// How good the estimates of late have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EstimateScore {
    /// Estimates whose builds have started since.
    pub scored: u32,
    /// How many of a hundred started between earliest and latest; 80 would be perfect.
    pub inside_percent: u32,
    /// Half of them were wrong by less.
    pub median_error_millis: u64,
}

/// What `why` tells of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhyView {
    pub build: BuildId,
    pub build_status: BuildStatus,
    pub current_phase: Phase,
    /// Whether it waits for an agent.
    pub waits: bool,
    /// Since when it has been as it is: waiting, running, over.
    pub since: Timestamp,
    /// All of it in a sentence.
    pub text: String,
    #[serde(default)]
    pub reasons: Vec<WaitReason>,
    /// What would let it start, a sentence for each way.
    #[serde(default)]
    pub unblocks: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<StartEstimate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<EstimateScore>,
}
