//! Which waiting build goes to which agent. Pure.
//!
//! Builds are taken in the queue's order; one that fits nowhere now lets those behind it pass. So that a big build is
//! not passed for ever, the first one that has waited [`PATIENCE`] reserves the agent it could have soonest: nothing
//! behind it is placed there, the agent empties, and an empty agent is refused to no build for its size.
//!
//! Promise: no agent gets more builds than slots, nor more than its size except by a single build.

mod fit;
mod wait;

pub use fit::misfit;
pub use wait::{MOST_COUNTED, Onlooker, why_waiting};

use buildyard_model::{AgentId, BuildId, Capacity, Requirements, Resources, Timestamp};
use std::cmp::{Ordering, Reverse};
use std::time::Duration;

/// How long a build lets others pass it.
pub const PATIENCE: Duration = Duration::from_secs(120);

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

impl Candidate {
    /// The queue's order: higher priority first, then submission.
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |candidate: &Self| (Reverse(candidate.priority), candidate.sequence);
        key(self).cmp(&key(other))
    }
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

/// Pairs waiting builds with agents, and counts them into the agents' loads.
pub fn place(waiting: &[Candidate], agents: &mut [AgentLoad], now: Timestamp) -> Vec<Assignment> {
    let mut queue: Vec<&Candidate> = waiting.iter().collect();
    queue.sort_by(|one, other| one.order(other));
    let mut reserved: Option<usize> = None;
    let mut assignments = Vec::new();
    for candidate in queue {
        let wanted = &candidate.requirements;
        if let Some(at) = best(agents, |at, load| Some(at) != reserved && fit::fits_now(wanted, load), wanted) {
            let load = &mut agents[at];
            load.builds += 1;
            load.used.vcpu = load.used.vcpu.saturating_add(wanted.resources.vcpu);
            load.used.memory_mib = load.used.memory_mib.saturating_add(wanted.resources.memory_mib);
            assignments.push(Assignment { build: candidate.build.clone(), agent: load.agent.clone() });
        } else if reserved.is_none() && now.since(candidate.since) >= PATIENCE {
            reserved = best(agents, |_, load| fit::fits_ever(wanted, &load.capacity), wanted);
        }
    }
    assignments
}

/// The least loaded of the agents that may be chosen, by name among equals. An agent too small for the build is taken
/// only when no other may be.
fn best(agents: &[AgentLoad], may: impl Fn(usize, &AgentLoad) -> bool, wanted: &Requirements) -> Option<usize> {
    let key = |load: &AgentLoad| {
        (fit::oversized(wanted.resources, load.capacity.resources), fit::load_permille(load), load.builds)
    };
    (0..agents.len()).filter(|&at| may(at, &agents[at])).min_by(|&one, &other| {
        let (one, other) = (&agents[one], &agents[other]);
        key(one).cmp(&key(other)).then_with(|| one.agent.cmp(&other.agent))
    })
}

#[cfg(test)]
mod tests;
