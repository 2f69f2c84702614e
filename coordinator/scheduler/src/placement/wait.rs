//! Says in words why a build waits, and for what. Pure; the words follow the rules by which `place` decides.

use super::{AgentLoad, fit};
use buildyard_model::{Requirements, Resources};

/// Builds before one in the queue are counted up to this many.
pub const MOST_COUNTED: usize = 1000;
/// Agents that a sentence names.
const NAMED: usize = 5;

/// A connected agent, as a waiting build sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onlooker {
    pub load: AgentLoad,
    /// Why it takes no builds at present ("is draining"), if so.
    pub closed: Option<String>,
}

/// Why a build that wants `wanted` waits. `before` builds are to be placed before it; `agents` are those connected.
pub fn why_waiting(wanted: &Requirements, before: usize, agents: &[Onlooker]) -> String {
    if agents.is_empty() {
        return "no agent is connected".to_owned();
    }
    let misfits = told(agents, |agent| fit::misfit(wanted, &agent.load.capacity));
    if misfits.len() == agents.len() {
        return format!("no connected agent can take it: {}", listed(&misfits, "; "));
    }
    let fitting = || agents.iter().filter(|agent| fit::fits_ever(wanted, &agent.load.capacity));
    let open: Vec<&AgentLoad> = fitting().filter(|agent| agent.closed.is_none()).map(|agent| &agent.load).collect();
    if open.is_empty() {
        let closed = told(fitting(), |agent| agent.closed.clone());
        return format!("no agent that fits takes builds now: {}", listed(&closed, "; "));
    }
    let roomy = open.iter().find(|load| fit::fits_now(wanted, load));
    let (place, queue) = (roomy.map(|load| load.agent.to_string()), queue(before));
    match (place, queue) {
        (Some(_), Some(queue)) => queue,
        (Some(agent), None) => format!("agent {agent} has room: the build is about to be offered"),
        (None, queue) => {
            [Some(full(wanted.resources, &open)), queue].into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
    }
}

/// Each agent of which there is something to tell, with its name before it.
fn told<'a>(agents: impl IntoIterator<Item = &'a Onlooker>, tell: impl Fn(&Onlooker) -> Option<String>) -> Vec<String> {
    agents.into_iter().filter_map(|agent| tell(agent).map(|text| format!("{} {text}", agent.load.agent))).collect()
}

fn queue(before: usize) -> Option<String> {
    match before {
        0 => None,
        1 => Some("1 build waits before this one".to_owned()),
        many if many >= MOST_COUNTED => Some(format!("{MOST_COUNTED} builds or more wait before this one")),
        many => Some(format!("{many} builds wait before this one")),
    }
}

/// No agent has room. A build that is larger than each of them waits for one to be idle.
fn full(wanted: Resources, open: &[&AgentLoad]) -> String {
    if open.iter().all(|load| fit::oversized(wanted, load.capacity.resources)) {
        let vcpu = open.iter().map(|load| load.capacity.resources.vcpu).max().unwrap_or(0);
        let memory_mib = open.iter().map(|load| load.capacity.resources.memory_mib).max().unwrap_or(0);
        let offer = if wanted.vcpu > vcpu {
            format!("no agent offers {} vCPU; the largest has {vcpu}", wanted.vcpu)
        } else if wanted.memory_mib > memory_mib {
            format!("no agent offers {} MiB of memory; the largest has {memory_mib}", wanted.memory_mib)
        } else {
            format!("no agent offers {} vCPU and {} MiB of memory together", wanted.vcpu, wanted.memory_mib)
        };
        return format!("{offer}, so the build waits until one is idle");
    }
    let names: Vec<String> = open.iter().map(|load| load.agent.to_string()).collect();
    match names.as_slice() {
        [name] => format!("agent {name} is full"),
        names => format!("agents {} are full", listed(names, ", ")),
    }
}

fn listed(all: &[String], between: &str) -> String {
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(between);
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}{between}and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use buildyard_model::{Architecture, Capacity};
    use std::collections::BTreeMap;

    fn sized(vcpu: u32, memory_mib: u64) -> Requirements {
        let resources = Resources { vcpu, memory_mib };
        Requirements { resources, ..sample::spec().requirements() }
    }

    fn agent(name: &str, vcpu: u32, memory_mib: u64, builds: u32) -> Onlooker {
        let capacity = Capacity {
            slots: 2,
            resources: Resources { vcpu, memory_mib },
            architecture: Architecture::X86_64,
            labels: BTreeMap::new(),
            privileged: false,
            local_source: false,
            executor: "fake".to_owned(),
            fleet: None,
        };
        let used = Resources { vcpu: builds * 2, memory_mib: u64::from(builds) * 4096 };
        Onlooker { load: AgentLoad { agent: sample::agent(name), capacity, builds, used }, closed: None }
    }

    fn full(name: &str) -> Onlooker {
        agent(name, 8, 32_768, 2)
    }

    fn closed(name: &str, why: &str) -> Onlooker {
        Onlooker { closed: Some(why.to_owned()), ..agent(name, 8, 32_768, 0) }
    }

    #[test]
    fn every_wait_has_its_reason() {
        let plain = || sized(2, 4096);
        let labelled = Requirements { labels: BTreeMap::from([("gpu".to_owned(), "yes".to_owned())]), ..plain() };
        let many: Vec<Onlooker> = (1..=7).map(|number| full(&format!("a{number}"))).collect();
        let rows: Vec<(Requirements, usize, Vec<Onlooker>, &str)> = vec![
            (plain(), 3, vec![], "no agent is connected"),
            (plain(), 0, vec![full("a")], "agent a is full"),
            (plain(), 1, vec![full("a")], "agent a is full; 1 build waits before this one"),
            (plain(), 3, vec![full("a"), full("b")], "agents a, b are full; 3 builds wait before this one"),
            (plain(), 0, many, "agents a1, a2, a3, a4, a5, and 2 more are full"),
            (plain(), 1000, vec![full("a")], "agent a is full; 1000 builds or more wait before this one"),
            (
                plain(),
                0,
                vec![full("a"), agent("b", 8, 32_768, 1)],
                "agent b has room: the build is about to be offered",
            ),
            (plain(), 2, vec![agent("b", 8, 32_768, 1)], "2 builds wait before this one"),
            (
                labelled.clone(),
                0,
                vec![agent("a", 8, 32_768, 0), closed("b", "is draining")],
                "no connected agent can take it: a lacks label gpu=yes; b lacks label gpu=yes",
            ),
            (
                plain(),
                5,
                vec![closed("a", "is draining"), closed("b", "is unhealthy: the disk is full")],
                "no agent that fits takes builds now: a is draining; b is unhealthy: the disk is full",
            ),
            (plain(), 0, vec![closed("a", "is draining"), full("b")], "agent b is full"),
            (
                sized(8, 16_384),
                0,
                vec![agent("a", 4, 65_536, 1), agent("b", 2, 65_536, 1)],
                "no agent offers 8 vCPU; the largest has 4, so the build waits until one is idle",
            ),
            (
                sized(8, 16_384),
                1,
                vec![agent("a", 8, 8192, 1)],
                "no agent offers 16384 MiB of memory; the largest has 8192, so the build waits until one is idle; \
                 1 build waits before this one",
            ),
            (
                sized(8, 16_384),
                0,
                vec![agent("a", 8, 8192, 1), agent("b", 4, 16_384, 1)],
                "no agent offers 8 vCPU and 16384 MiB of memory together, so the build waits until one is idle",
            ),
            // Too small, but idle: its own size is then the build's limit.
            (sized(8, 16_384), 0, vec![agent("a", 4, 8192, 0)], "agent a has room: the build is about to be offered"),
        ];
        for (wanted, before, agents, expected) in rows {
            assert_eq!(why_waiting(&wanted, before, &agents), expected);
        }
    }
}
