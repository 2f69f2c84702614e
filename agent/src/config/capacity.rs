//! `[capacity]`: what the agent offers, in the terms by which builds are placed.

use super::{ByteSize, ConfigError};
use buildyard_model::{ComputeType, EnvironmentType, Resources};
use serde::Deserialize;

/// The `[capacity]` section: overrides of what the executor says it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapacityConfig {
    /// Virtual CPUs.
    pub vcpu: Option<u32>,
    pub memory: Option<ByteSize>,
}

impl CapacityConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.vcpu == Some(0) {
            return Err(ConfigError::invalid("capacity.vcpu", "must be at least 1"));
        }
        if self.memory.is_some_and(|memory| memory.as_mib() < 64) {
            return Err(ConfigError::invalid("capacity.memory", "must be at least 64MiB"));
        }
        Ok(())
    }

    /// Slots and resources to offer on a host that has `host`. Explicit slots decide: then the offer suffices for so
    /// many builds of the smallest type, and overcommitting the host is its owner's choice.
    pub(crate) fn offer(&self, slots: Option<u32>, host: Resources) -> (u32, Resources) {
        let count = slots.unwrap_or_else(|| (host.vcpu / 2).max(1));
        let small = ComputeType::Small.resources(EnvironmentType::LinuxContainer);
        let floor = if slots.is_some() { count } else { 0 };
        let resources = Resources {
            vcpu: self.vcpu.unwrap_or_else(|| host.vcpu.max(small.vcpu.saturating_mul(floor))),
            memory_mib: self.memory.map_or_else(
                || host.memory_mib.max(small.memory_mib.saturating_mul(u64::from(floor))),
                ByteSize::as_mib,
            ),
        };
        (count, resources)
    }
}
