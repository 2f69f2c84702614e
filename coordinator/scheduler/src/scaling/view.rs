//! What is known of a fleet at one moment.

use buildyard_model::{AgentId, InstanceId, Resources, Ticket, Timestamp};
use std::time::Duration;

/// A build that waits for this fleet and fits its agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    pub resources: Resources,
    pub since: Timestamp,
    /// How long such a build takes, by recent ones of its project.
    pub expected: Option<Duration>,
}

/// A connected agent of the fleet that lives on an instance of its provisioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub agent: AgentId,
    pub ticket: Option<Ticket>,
    pub instance: Option<InstanceId>,
    pub slots: u32,
    pub resources: Resources,
    /// Builds in its hands, offered ones included.
    pub builds: u32,
    pub used: Resources,
    /// Since when it has had none; none while it has.
    pub idle_since: Option<Timestamp>,
    /// Drained by an earlier plan; a person's drain does not count here but in `cordoned`.
    pub draining_since: Option<Timestamp>,
    /// Kept from builds by a person, or unhealthy: no capacity, and not to be touched.
    pub cordoned: bool,
    pub joined_at: Timestamp,
}

/// An instance, as the provisioner tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub instance: InstanceId,
    pub ticket: Option<Ticket>,
    /// Since when it has been seen in the list.
    pub seen_since: Timestamp,
    pub stopping: bool,
}

/// A launch that was asked for, until its agent joined or it was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub ticket: Ticket,
    pub asked_at: Timestamp,
}

/// A fleet at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FleetView {
    /// In the queue's order.
    pub waiting: Vec<Demand>,
    pub members: Vec<Member>,
    /// None when the provisioner could not say: then nothing is launched and nothing terminated.
    pub instances: Option<Vec<Known>>,
    pub pending: Vec<Pending>,
    /// From the request to the agent's first message, by recent launches; none before the first.
    pub launch_time: Option<Duration>,
    /// When the recent launches were asked for, latest last, each once per instance; at least the last minute's.
    pub launches: Vec<Timestamp>,
    /// Launches in a row that failed or never joined, and when the last of them was noticed.
    pub failures: u32,
    pub failed_at: Option<Timestamp>,
    /// When the last instance was terminated for idleness.
    pub scaled_in_at: Option<Timestamp>,
}
