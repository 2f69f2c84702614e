//! A build as the coordinator keeps it: the aggregate that events are applied to and the store commits whole.

use buildyard_model::{
    AgentId, ArtifactRecord, JobSpec, LeaseToken, LogOffset, Outcome, PhaseRecord, Timestamp,
};
use serde::{Deserialize, Serialize};

/// The grant that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub agent: AgentId,
    pub token: LeaseToken,
}

/// Where a build is. A variant holds what is true there, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Waits for an agent.
    Queued { since: Timestamp },
    /// Offered to an agent that has not said yes yet.
    Leased { lease: Lease, since: Timestamp },
    /// The agent works on it.
    Running { lease: Lease, since: Timestamp },
    /// Somebody asked for its end; the agent still has it.
    Stopping { lease: Lease, since: Timestamp },
    /// Over. Nothing changes any more.
    Finished { outcome: Outcome, at: Timestamp },
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    pub spec: JobSpec,
    pub state: State,
    /// Tries begun; the first is 1.
    pub attempt: u32,
    /// Grants made; every grant raises it.
    pub epoch: u64,
    /// SUBMITTED, QUEUED, then what the attempt in force reported, then COMPLETED.
    pub phases: Vec<PhaseRecord>,
    /// Whether a command of the user may have begun in the attempt in force.
    pub commands_started: bool,
    /// How often an agent was lost with the build before a command began.
    pub losses: u32,
    /// Who has or had it last.
    pub agent: Option<AgentId>,
    pub image_digest: Option<String>,
    pub resolved_source_version: Option<String>,
    pub exported: Vec<(String, String)>,
    pub artifacts: Vec<ArtifactRecord>,
    pub log_bytes: Option<LogOffset>,
    /// Why it ended as it did, or why it was queued again.
    pub reason: Option<String>,
    /// Rises by one with each commit; 0 before the first.
    pub version: u64,
}
