use super::*;
use crate::placement::Closed;
use crate::sample;
use buildyard_model::{Architecture, Capacity};

fn sized(vcpu: u32, memory_mib: u64) -> Requirements {
    let resources = Resources { vcpu, memory_mib };
    Requirements { resources, ..sample::spec().requirements() }
}

const NOW: Timestamp = Timestamp(0);

struct Onlooker {
    agent: AgentId,
    capacity: Capacity,
    builds: u32,
    disk_mib: Option<u64>,
    closed: Option<Closed>,
}

impl Onlooker {
    fn load(&self) -> AgentLoad<'_> {
        let Self { agent, capacity, builds, disk_mib, closed } = self;
        let used = Resources { vcpu: builds * 2, memory_mib: u64::from(*builds) * 4096 };
        AgentLoad { agent, capacity, builds: *builds, used, disk_mib: *disk_mib, closed: closed.as_ref() }
    }
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
    Onlooker { agent: sample::agent(name), capacity, builds, disk_mib: None, closed: None }
}

fn full(name: &str) -> Onlooker {
    agent(name, 8, 32_768, 2)
}

fn closed(name: &str, why: &str) -> Onlooker {
    Onlooker { closed: Some(Closed::Because(why.to_owned())), ..agent(name, 8, 32_768, 0) }
}

fn why(wanted: &Requirements, ahead: usize, agents: &[Onlooker]) -> String {
    let project = "app".parse().unwrap();
    let found = place(wanted, agents.iter().rev().map(Onlooker::load), NOW);
    text(&reasons(None, found, &Standing { project, ahead, slots: 2, of: 4, weight: 1 }, 0))
}

#[test]
fn an_idle_agent_without_disk_is_not_called_full() {
    let wanted = Requirements { disk_mib: 1000, ..sized(2, 4096) };
    let short = Onlooker { disk_mib: Some(999), ..agent("a", 8, 32_768, 0) };
    let said = "a has 999 MiB of disk free where the build needs 1000";
    assert_eq!(why(&wanted, 0, &[short]), format!("no agent that fits takes builds now: {said}"));
}

#[test]
fn every_wait_has_its_reason() {
    let plain = || sized(2, 4096);
    let labelled = Requirements { labels: BTreeMap::from([("gpu".to_owned(), "yes".to_owned())]), ..plain() };
    let many: Vec<Onlooker> = (1..=7).map(|number| full(&format!("a{number}"))).collect();
    let has = "; project app has 2 of 4 slots in use";
    let rows: Vec<(Requirements, usize, Vec<Onlooker>, String)> = vec![
        (plain(), 3, vec![], "no agent is connected".to_owned()),
        (plain(), 0, vec![full("a")], "agent a is full".to_owned()),
        (plain(), 1, vec![full("a")], format!("agent a is full; 1 build waits before this one{has}")),
        (plain(), 3, vec![full("a"), full("b")], format!("agents a, b are full; 3 builds wait before this one{has}")),
        (plain(), 0, many, "agents a1, a2, a3, a4, a5, and 2 more are full".to_owned()),
        (plain(), 1000, vec![full("a")], format!("agent a is full; 1000 builds or more wait before this one{has}")),
        (
            plain(),
            0,
            vec![full("a"), agent("b", 8, 32_768, 1)],
            "agent b has room: the build is about to be offered".to_owned(),
        ),
        (plain(), 2, vec![agent("b", 8, 32_768, 1)], format!("2 builds wait before this one{has}")),
        (
            labelled.clone(),
            0,
            vec![agent("a", 8, 32_768, 0), closed("b", "is draining")],
            "no connected agent can take it: a lacks label gpu=yes; b lacks label gpu=yes".to_owned(),
        ),
        (
            plain(),
            0,
            vec![closed("a", "is draining"), closed("b", "is unhealthy: the disk is full")],
            "no agent that fits takes builds now: a is draining; b is unhealthy: the disk is full".to_owned(),
        ),
        (plain(), 0, vec![closed("a", "is draining"), full("b")], "agent b is full".to_owned()),
        (
            sized(8, 16_384),
            0,
            vec![agent("a", 4, 65_536, 1), agent("b", 2, 65_536, 1)],
            "no agent offers 8 vCPU; the largest has 4, so the build waits until one is idle".to_owned(),
        ),
        (
            sized(8, 16_384),
            0,
            vec![agent("a", 8, 8192, 1)],
            "no agent offers 16384 MiB of memory; the largest has 8192, so the build waits until one is idle"
                .to_owned(),
        ),
        (
            sized(8, 16_384),
            0,
            vec![agent("a", 8, 8192, 1), agent("b", 4, 16_384, 1)],
            "no agent offers 8 vCPU and 16384 MiB of memory together, so the build waits until one is idle".to_owned(),
        ),
        // Too small, but idle: its own size is then the build's limit.
        (
            sized(8, 16_384),
            0,
            vec![agent("a", 4, 8192, 0)],
            "agent a has room: the build is about to be offered".to_owned(),
        ),
    ];
    for (wanted, before, agents, expected) in rows {
        assert_eq!(why(&wanted, before, &agents), expected);
    }
}

#[test]
fn what_is_being_started_is_said_and_every_reason_has_its_remedy() {
    let standing = Standing { project: "app".parse().unwrap(), ahead: 2, slots: 0, of: 0, weight: 3 };
    let wanted = Requirements { fleet: Some("big".parse().unwrap()), ..sized(2, 4096) };
    let found =
        reasons(wanted.fleet.as_ref(), place(&wanted, [agent("a", 8, 8192, 0).load()].into_iter(), NOW), &standing, 2);
    let expected = "no connected agent can take it: a is of fleet on-demand where the build needs big; \
        2 agents of fleet big are being started";
    assert_eq!(text(&found), expected);
    assert_eq!(unblocks(&found).len(), 2);
    let found = reasons(None, place(&sized(2, 4096), [full("a").load()].into_iter(), NOW), &standing, 1);
    let expected = "agent a is full; an agent of fleet on-demand is being started; 2 builds wait before this one; \
        project app has 0 of 0 slots in use, and weight 3";
    assert_eq!(text(&found), expected);
}
