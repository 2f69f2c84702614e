//! What is known of a fleet at one moment.

use buildyard_model::{AgentId, InstanceId, Resources, Ticket, Timestamp};
use std::time::Duration;

/// A build that waits for this fleet and fits its agents: one whose labels, architecture or privileges no instance of
/// the fleet can have is not among them, and so nothing is launched for it. Size is no such reason: an idle agent takes
/// a build of any size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    pub resources: Resources,
    pub since: Timestamp,
    /// How long such a build takes, by recent ones of its project.
    pub expected: Option<Duration>,
}

/// A build in an agent's hands whose end can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// By recent builds of its project; a moment that has passed says nothing any more.
    pub at: Timestamp,
    pub resources: Resources,
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
    /// Those of its builds whose end can be told; may be fewer than `builds`.
    pub endings: Vec<Ending>,
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
    /// Since when it has been in the list without a connected agent: from the first sight of it, or from when its agent
    /// was lost.
    pub seen_since: Timestamp,
    pub stopping: bool,
    /// Its agent is away, and builds are leased to it all the same: not to be touched.
    pub leased: bool,
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
    /// When builds for this fleet were submitted lately, in any order: those of the last [`super::ANTICIPATION`] are
    /// counted, older ones do no harm. Empty: builds to come are not anticipated.
    pub arrivals: Vec<Timestamp>,
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
