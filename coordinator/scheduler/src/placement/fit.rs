//! Whether a build fits an agent: for good, or now.

use super::AgentLoad;
use buildyard_model::{Architecture, Capacity, Requirements, Resources};

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
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

/// Whether the agent could take the build if it were idle. Says the same as `misfit`, without the words.
pub(super) fn fits_ever(requirements: &Requirements, capacity: &Capacity) -> bool {
    capacity.slots > 0
        && requirements.architecture == capacity.architecture
        && (capacity.privileged || !requirements.privileged)
        && (capacity.local_source || !requirements.local_source)
        && requirements.labels.iter().all(|(label, wanted)| capacity.labels.get(label) == Some(wanted))
}

/// Whether the agent can take the build as loaded as it is.
pub(super) fn fits_now(requirements: &Requirements, load: &AgentLoad) -> bool {
    let (wanted, has) = (requirements.resources, load.capacity.resources);
    let together = Resources {
        vcpu: load.used.vcpu.saturating_add(wanted.vcpu),
        memory_mib: load.used.memory_mib.saturating_add(wanted.memory_mib),
    };
    load.builds < load.capacity.slots
        && (load.builds == 0 || !oversized(together, has))
        && fits_ever(requirements, &load.capacity)
}

/// Whether the one is more than the other.
pub(super) fn oversized(wanted: Resources, has: Resources) -> bool {
    wanted.vcpu > has.vcpu || wanted.memory_mib > has.memory_mib
}

/// How much of the agent is in use, in thousandths: of CPU or memory, whichever is scarcer.
pub(super) fn load_permille(load: &AgentLoad) -> u64 {
    let (used, has) = (load.used, load.capacity.resources);
    let share = |used: u64, has: u64| used.saturating_mul(1000) / has.max(1);
    share(used.vcpu.into(), has.vcpu.into()).max(share(used.memory_mib, has.memory_mib))
}

fn name(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Aarch64 => "aarch64",
    }
}
