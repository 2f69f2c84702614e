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

pub use fit::{fits_ever, misfit};
pub(crate) use fit::{fits_now, oversized, short_of_disk};
pub(crate) use room::Room;
pub use room::{Closed, Standing};
pub use trust::{Trust, Verdict};

pub use crate::queue::Candidate;

use buildyard_model::{AgentId, BuildId, Capacity, Resources};
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

/// A connected agent as it stands, to look at.
#[derive(Debug, Clone, Copy)]
pub struct AgentLoad<'a> {
    pub agent: &'a AgentId,
    pub capacity: &'a Capacity,
    /// Builds it has, offered ones included.
    pub builds: u32,
    /// What those use together.
    pub used: Resources,
    /// Free disk, as it last said; none when it never did.
    pub disk_mib: Option<u64>,
    /// Why it takes no builds, if so.
    pub closed: Option<&'a Closed>,
}

/// A pair that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub build: BuildId,
    pub agent: AgentId,
}

#[cfg(test)]
mod tests;
