//! What a build asks of an agent, what an agent has, and how it looks to people.

use crate::compute::Resources;
use crate::fleet::FleetName;
use crate::id::{AgentId, BuildId};
use crate::release::Skew;
use crate::time::Timestamp;
use crate::vitals::Vitals;
use crate::withdrawal::Withdrawal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    X86_64,
    Aarch64,
}

impl Architecture {
    /// This program's own architecture.
    pub const fn native() -> Self {
        if cfg!(target_arch = "aarch64") { Self::Aarch64 } else { Self::X86_64 }
    }
}

/// What an agent must offer to be given a build.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Requirements {
    /// CPU and memory of the compute type.
    pub resources: Resources,
    /// Of the environment type.
    pub architecture: Architecture,
    /// Every one must be on the agent with the same value.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Whether the agent must allow privileged containers.
    #[serde(default)]
    pub privileged: bool,
    /// Whether the agent must allow sources on its own disk.
    #[serde(default)]
    pub local_source: bool,
    /// Free disk that the agent must have, in MiB; 0 leaves it to the agent's own floor.
    #[serde(default)]
    pub disk_mib: u64,
    /// The fleet whose agents may run it; none: those of no fleet and of the on-demand one.
    #[serde(default)]
    pub fleet: Option<FleetName>,
    /// Whether a build of a fleet may go to the agents of builds without one, too: the fleet's overflow ON_DEMAND.
    #[serde(default)]
    pub overflow: bool,
    /// What it goes faster with: image, source mirror, cache; what comes first weighs more than all behind it. An
    /// agent that holds them is preferred.
    #[serde(default)]
    pub prefers: Vec<Affinity>,
}

/// The fingerprint of something an agent may hold: an image, a source's mirror, a cache. Only preferences are decided
/// by it, so that two things with one fingerprint cost time and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Affinity(pub u64);

impl Affinity {
    /// An image, by the reference that builds name.
    pub fn image(reference: &str) -> Self {
        Self::of("image", reference)
    }

    /// A source, by its location.
    pub fn source(location: &str) -> Self {
        Self::of("source", location)
    }

    /// A project's cache.
    pub fn cache(project: &str) -> Self {
        Self::of("cache", project)
    }

    /// FNV-1a of 64 bits: the same on every machine and in every version.
    fn of(kind: &str, name: &str) -> Self {
        let bytes = kind.bytes().chain([0]).chain(name.bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

/// What an agent has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Capacity {
    /// Builds at once.
    pub slots: u32,
    /// CPU and memory for builds. A build is never refused an otherwise idle agent for its size alone:
    /// its limits are then the agent's own size.
    pub resources: Resources,
    /// The host's.
    pub architecture: Architecture,
    /// From the agent's config.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Whether privileged builds may run.
    #[serde(default)]
    pub privileged: bool,
    /// Whether local paths may be sources.
    #[serde(default)]
    pub local_source: bool,
    /// `docker`, `podman`, `host` or `fake`.
    pub executor: String,
    /// The fleet it belongs to, whose builds alone it takes; none: it takes builds that name no fleet.
    #[serde(default)]
    pub fleet: Option<FleetName>,
}

/// Where an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AgentStatus {
    /// Connected and taking builds.
    Online,
    /// Connected, finishes what it has and takes nothing new.
    Draining,
    /// Connected, and given nothing new until a person says otherwise.
    Cordoned,
    /// Connected, but cannot run builds now (engine gone, disk full).
    Unhealthy,
    /// Not connected.
    Offline,
}

/// An agent as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    pub name: AgentId,
    pub status: AgentStatus,
    /// Why it is unhealthy, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The agent program's version.
    pub version: String,
    pub capacity: Capacity,
    /// What it runs now.
    pub builds: Vec<BuildId>,
    pub last_seen: Timestamp,
    /// How its host did when it was last looked at, while it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vitals: Option<Vitals>,
    /// That a person took it out of service, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<Withdrawal>,
    /// How its release stands to the coordinator's, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew: Option<Skew>,
}
