//! The reasons of a wait in words.

use buildyard_model::{AgentWord, WaitReason};

/// All reasons in one sentence.
pub fn text(reasons: &[WaitReason]) -> String {
    reasons.iter().map(said).collect::<Vec<_>>().join("; ")
}

/// What would let the build start: a sentence for each reason that somebody or something can end.
pub fn unblocks(reasons: &[WaitReason]) -> Vec<String> {
    reasons.iter().map(remedy).collect()
}

fn said(reason: &WaitReason) -> String {
    match reason {
        WaitReason::NoAgent => "no agent is connected".to_owned(),
        WaitReason::NoFit { agents, more } => format!("no connected agent can take it: {}", words(agents, *more)),
        WaitReason::Closed { agents, more } => {
            format!("no agent that fits takes builds now: {}", words(agents, *more))
        }
        WaitReason::TooLarge { wanted, largest } => {
            let offer = if wanted.vcpu > largest.vcpu {
                format!("no agent offers {} vCPU; the largest has {}", wanted.vcpu, largest.vcpu)
            } else if wanted.memory_mib > largest.memory_mib {
                format!("no agent offers {} MiB of memory; the largest has {}", wanted.memory_mib, largest.memory_mib)
            } else {
                format!("no agent offers {} vCPU and {} MiB of memory together", wanted.vcpu, wanted.memory_mib)
            };
            format!("{offer}, so the build waits until one is idle")
        }
        WaitReason::Full { agents, more } => match agents.as_slice() {
            [name] if *more == 0 => format!("agent {name} is full"),
            names => {
                let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                format!("agents {} are full", listed(&names, *more, ", "))
            }
        },
        WaitReason::Behind { builds, or_more, project, slots, of, weight } => {
            let before = match builds {
                many if *or_more => format!("{many} builds or more wait before this one"),
                1 => "1 build waits before this one".to_owned(),
                many => format!("{many} builds wait before this one"),
            };
            let weight = if *weight == 1 { String::new() } else { format!(", and weight {weight}") };
            format!("{before}; project {project} has {slots} of {of} slots in use{weight}")
        }
        WaitReason::Scaling { fleet, launches: 1 } => format!("an agent of fleet {fleet} is being started"),
        WaitReason::Scaling { fleet, launches } => format!("{launches} agents of fleet {fleet} are being started"),
        WaitReason::Next { agent } => format!("agent {agent} has room: the build is about to be offered"),
    }
}

fn remedy(reason: &WaitReason) -> String {
    match reason {
        WaitReason::NoAgent => "an agent that connects: run `buildyard agent` on a build host",
        WaitReason::NoFit { .. } => "an agent that has what is missing, or a build that asks for less",
        WaitReason::Closed { .. } => "one of these agents taken back with `buildyard agents undrain`, or made well",
        WaitReason::TooLarge { .. } => "an agent that becomes idle, a larger agent, or a smaller compute type",
        WaitReason::Full { .. } => "a build that ends there, or another agent",
        WaitReason::Behind { .. } => {
            "the builds before it starting, a higher priority, or a greater weight of its project"
        }
        WaitReason::Scaling { .. } => "these agents joining, which goes by itself",
        WaitReason::Next { .. } => "nothing more: it starts by itself",
    }
    .to_owned()
}

fn words(agents: &[AgentWord], more: usize) -> String {
    let agents: Vec<String> = agents.iter().map(|told| format!("{} {}", told.agent, told.word)).collect();
    listed(&agents, more, "; ")
}

fn listed(named: &[String], more: usize, between: &str) -> String {
    let named = named.join(between);
    if more == 0 { named } else { format!("{named}{between}and {more} more") }
}
