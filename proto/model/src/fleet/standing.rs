//! A fleet and its history as people see them.

use super::FleetName;
use crate::id::AgentId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A fleet now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetStanding {
    pub name: FleetName,
    /// CodeBuild's status; absent for the on-demand fleet, which nobody made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What its instances are started by; absent when nothing starts any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioner: Option<String>,
    pub min: u32,
    pub max: u32,
    /// Instances that there are to be.
    pub desired: u32,
    /// Connected agents.
    pub running: u32,
    /// Of these, those that have nothing to do.
    pub idle: u32,
    /// Of these, those that take no more builds because their instances are to go.
    pub draining: u32,
    /// Launches whose agents have not joined yet.
    pub pending: u32,
    /// Builds that wait for it.
    pub waiting: u32,
    /// What was decided last, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<FleetEvent>,
    /// What keeps it from doing what it should, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Something that happened in a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetEvent {
    pub at: Timestamp,
    pub fleet: FleetName,
    pub kind: FleetEventKind,
    /// Whom it is about; absent for an instance whose agent nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Builds in the agent's hands then, offered ones included.
    pub builds: u32,
    /// Of these, offered ones that were taken back.
    #[serde(default)]
    pub taken_back: u32,
    pub reason: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FleetEventKind {
    /// An instance was asked for.
    Launched,
    /// The place could not start instances.
    LaunchFailed,
    /// The agent connected for the first time.
    Joined,
    /// The agent takes no more builds.
    Drained,
    /// The agent takes builds again.
    Undrained,
    /// Its instance was told to end.
    Terminated,
    /// Nobody waits for the launch any longer.
    Forgotten,
    /// The instance is gone.
    Ended,
}

impl FleetEventKind {
    /// As it is printed and stored: `LAUNCH_FAILED`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Launched => "LAUNCHED",
            Self::LaunchFailed => "LAUNCH_FAILED",
            Self::Joined => "JOINED",
            Self::Drained => "DRAINED",
            Self::Undrained => "UNDRAINED",
            Self::Terminated => "TERMINATED",
            Self::Forgotten => "FORGOTTEN",
            Self::Ended => "ENDED",
        }
    }
}
