//! Which waiting build goes to which agent. Pure.

use buildyard_model::{AgentId, BuildId, Capacity, Requirements, Resources, Timestamp};

/// A waiting build, as the matcher sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub build: BuildId,
    pub priority: i32,
    pub since: Timestamp,
    /// Order of submission among equals.
    pub sequence: u64,
    pub requirements: Requirements,
}

/// An agent that may be given builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentLoad {
    pub agent: AgentId,
    pub capacity: Capacity,
    /// Builds it has, offered ones included.
    pub builds: u32,
    /// What those use together.
    pub used: Resources,
}

/// A pair that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub build: BuildId,
    pub agent: AgentId,
}
