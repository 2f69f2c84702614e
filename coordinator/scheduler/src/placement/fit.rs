//! Whether a build fits an agent: for good, or now.

use super::AgentLoad;
use buildyard_model::{Architecture, Capacity, FleetName, Requirements, Resources};

/// Says in words why an agent can never take such a build, however idle; none when it can. Size is no such reason:
/// on an otherwise idle agent a build's limits are the agent's own size.
pub fn misfit(requirements: &Requirements, capacity: &Capacity) -> Option<String> {
    let mut reasons = Vec::new();
    if capacity.slots == 0 {
        reasons.push("has no slots for builds".to_owned());
    }
    if requirements.architecture != capacity.architecture {
        let (has, needs) = (name(capacity.architecture), name(requirements.architecture));
        reasons.push(format!("is {has} where the build needs {needs}"));
    }
    for (label, wanted) in &requirements.labels {
        match capacity.labels.get(label) {
            Some(value) if value == wanted => {}
            Some(value) => reasons.push(format!("has label {label}={value} where the build needs {wanted}")),
            None => reasons.push(format!("lacks label {label}={wanted}")),
        }
    }
    if requirements.privileged && !capacity.privileged {
        reasons.push("does not allow privileged builds".to_owned());
    }
    if requirements.local_source && !capacity.local_source {
        reasons.push("does not allow sources on its own disk".to_owned());
    }
    if !in_fleet(requirements, capacity) {
        let of = |fleet: &Option<FleetName>| fleet.clone().unwrap_or_else(FleetName::on_demand);
        reasons.push(format!("is of fleet {} where the build needs {}", of(&capacity.fleet), of(&requirements.fleet)));
    }
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

/// Whether the agent could take the build if it were idle. Says the same as `misfit`, without the words.
pub fn fits_ever(requirements: &Requirements, capacity: &Capacity) -> bool {
    capacity.slots > 0
        && requirements.architecture == capacity.architecture
        && (capacity.privileged || !requirements.privileged)
        && (capacity.local_source || !requirements.local_source)
        && in_fleet(requirements, capacity)
        && requirements.labels.iter().all(|(label, wanted)| capacity.labels.get(label) == Some(wanted))
}

/// Whether the agent is of the fleet that the build names. A build that names none, and one of a fleet whose overflow
/// is ON_DEMAND, may go to agents of no fleet and of the on-demand one.
fn in_fleet(requirements: &Requirements, capacity: &Capacity) -> bool {
    match (&requirements.fleet, &capacity.fleet) {
        (None, None) => true,
        (Some(wanted), Some(has)) if wanted == has => true,
        // The on-demand fleet and none are the same.
        (None, Some(has)) => *has == FleetName::on_demand(),
        (Some(wanted), None) => requirements.overflow || *wanted == FleetName::on_demand(),
        (Some(_), Some(has)) => requirements.overflow && *has == FleetName::on_demand(),
    }
}

/// Whether the agent can take the build as loaded as it is.
pub(crate) fn fits_now(requirements: &Requirements, load: &AgentLoad<'_>) -> bool {
    has_room(requirements, load.capacity, (load.builds, load.used), load.disk_mib)
}

/// Whether an agent can take the build that has so many builds, which use so much.
pub(crate) fn has_room(
    requirements: &Requirements,
    capacity: &Capacity,
    (builds, used): (u32, Resources),
    disk_mib: Option<u64>,
) -> bool {
    let wanted = requirements.resources;
    let together = Resources {
        vcpu: used.vcpu.saturating_add(wanted.vcpu),
        memory_mib: used.memory_mib.saturating_add(wanted.memory_mib),
    };
    builds < capacity.slots
        && (builds == 0 || !oversized(together, capacity.resources))
        && short_of_disk(requirements, disk_mib).is_none()
        && fits_ever(requirements, capacity)
}

/// How much disk is free, if that is too little. One that does not say it keeps a floor of its own, and is unhealthy below
/// it.
pub(crate) fn short_of_disk(requirements: &Requirements, disk_mib: Option<u64>) -> Option<u64> {
    disk_mib.filter(|free| *free < requirements.disk_mib)
}

/// Whether the one is more than the other.
pub(crate) fn oversized(wanted: Resources, has: Resources) -> bool {
    wanted.vcpu > has.vcpu || wanted.memory_mib > has.memory_mib
}

/// How much of what there is is in use, in thousandths: of CPU or memory, whichever is scarcer.
pub(crate) fn permille(used: Resources, has: Resources) -> u64 {
    let share = |used: u64, has: u64| used.saturating_mul(1000) / has.max(1);
    share(used.vcpu.into(), has.vcpu.into()).max(share(used.memory_mib, has.memory_mib))
}

fn name(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Aarch64 => "aarch64",
    }
}
