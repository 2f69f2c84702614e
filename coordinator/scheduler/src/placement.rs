//! Which agent a build goes to. Pure.
//!
//! An agent must fit: architecture, labels, fleet, privileges, a free slot, CPU, memory and disk. Among those that fit
//! one too small for the build comes last; then one that holds what the build goes faster with goes first; then the
//! load decides, by policy. `room` finds the best without looking at them all.
//!
//! Promise: no agent gets more builds than slots, nor more than its size except by a single build.

mod fit;
mod room;
mod trust;

pub use fit::misfit;
pub(crate) use fit::{fits_ever, fits_now, oversized};
pub(crate) use room::Room;
pub use room::{Closed, Standing};
pub use trust::{Trust, Verdict};

pub use crate::queue::Candidate;

use buildyard_model::{Affinity, AgentId, BuildId, Capacity, Resources, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a build lets others pass it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Which of the agents that fit is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// The most loaded, so that others empty and can go.
    Pack,
    /// The least loaded, so that builds disturb one another least.
    #[default]
    Spread,
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
    /// Images, mirrors and caches that it has.
    pub holds: Arc<BTreeSet<Affinity>>,
    /// Free disk, as it last said; none when it never did.
    pub disk_mib: Option<u64>,
}

/// A pair that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub build: BuildId,
    pub agent: AgentId,
}

/// Pairs waiting builds with agents, and counts them into the agents' loads: one round of [`crate::Dispatcher`] for
/// those who keep none.
pub fn place(waiting: &[Candidate], agents: &mut [AgentLoad], now: Timestamp) -> Vec<Assignment> {
    let mut dispatcher = crate::Dispatcher::default();
    for load in agents.iter() {
        dispatcher.count(&load.agent, load.builds, load.used, now);
        dispatcher.connect(load.agent.clone(), Standing::open(load), now);
    }
    for candidate in waiting {
        dispatcher.wait(candidate.clone(), now);
    }
    let assignments = dispatcher.round(usize::MAX, now);
    for load in agents {
        (load.builds, load.used) = dispatcher.load(&load.agent);
    }
    assignments
}

#[cfg(test)]
mod tests;
