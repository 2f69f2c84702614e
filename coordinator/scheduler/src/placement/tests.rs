use super::*;
use crate::sample;
use buildyard_model::{Affinity, Architecture, FleetName, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const LONG: Timestamp = Timestamp(10_000_000);

fn small(sequence: u64) -> Candidate {
    Candidate {
        build: BuildId::new("app".parse().unwrap(), format!("00000000-0000-0000-0000-{sequence:012}").parse().unwrap()),
        priority: 0,
        since: Timestamp(0),
        sequence,
        requirements: sample::spec().requirements(),
    }
}

fn sized(sequence: u64, vcpu: u32) -> Candidate {
    let mut candidate = small(sequence);
    candidate.requirements.resources = Resources { vcpu, memory_mib: u64::from(vcpu) * 2048 };
    candidate
}

/// An agent that takes builds, with what it has.
#[derive(Debug, Clone)]
struct Host {
    agent: AgentId,
    capacity: Capacity,
    builds: u32,
    used: Resources,
    holds: Arc<BTreeSet<Affinity>>,
    disk_mib: Option<u64>,
}

impl Host {
    fn standing(&self) -> Standing {
        let Self { capacity, holds, disk_mib, .. } = self.clone();
        Standing { capacity, holds, disk_mib, closed: None }
    }
}

/// One round, which counts into the agents' loads.
fn place(waiting: &[Candidate], agents: &mut [Host], now: Timestamp) -> Vec<Assignment> {
    let mut dispatcher = crate::Dispatcher::default();
    for (at, host) in (0_u128..).zip(agents.iter()) {
        for number in 0..host.builds {
            let uuid = uuid::Uuid::from_u128(at * 1000 + u128::from(number));
            // All that is used is the first one's.
            let resources = if number == 0 { host.used } else { Resources { vcpu: 0, memory_mib: 0 } };
            dispatcher.hold(BuildId::new("held".parse().unwrap(), uuid), host.agent.clone(), resources, now);
        }
        dispatcher.connect(host.agent.clone(), host.standing(), now);
    }
    waiting.iter().for_each(|candidate| dispatcher.wait(candidate.clone(), now));
    let assignments = dispatcher.round(usize::MAX, now);
    agents.iter_mut().for_each(|host| (host.builds, host.used) = dispatcher.load(&host.agent));
    assignments
}

fn agent(name: &str, slots: u32, vcpu: u32) -> Host {
    Host {
        agent: sample::agent(name),
        capacity: Capacity {
            slots,
            resources: Resources { vcpu, memory_mib: u64::from(vcpu) * 2048 },
            architecture: Architecture::X86_64,
            labels: BTreeMap::new(),
            privileged: false,
            local_source: false,
            executor: "fake".to_owned(),
            fleet: None,
        },
        builds: 0,
        used: Resources { vcpu: 0, memory_mib: 0 },
        holds: Arc::default(),
        disk_mib: None,
    }
}

fn placed(waiting: &[Candidate], agents: &mut [Host], now: Timestamp) -> Vec<(u64, String)> {
    let sequence = |build: &BuildId| waiting.iter().find(|candidate| candidate.build == *build).unwrap().sequence;
    place(waiting, agents, now).iter().map(|pair| (sequence(&pair.build), pair.agent.to_string())).collect()
}

#[test]
fn builds_spread_over_the_least_loaded_agents_and_ties_go_by_name() {
    let mut agents = [agent("b", 4, 8), agent("a", 4, 8)];
    let pairs = placed(&[small(1), small(2), small(3)], &mut agents, Timestamp(0));
    assert_eq!(pairs, [(1, "a".to_owned()), (2, "b".to_owned()), (3, "a".to_owned())]);
    assert_eq!((agents[1].builds, agents[1].used.vcpu), (2, 4));
}

#[test]
fn a_higher_priority_goes_first_whatever_the_order_given() {
    let mut urgent = small(9);
    urgent.priority = 5;
    assert_eq!(placed(&[small(1), urgent], &mut [agent("a", 1, 2)], Timestamp(0)), [(9, "a".to_owned())]);
}

#[test]
fn slots_and_size_are_not_overrun() {
    assert_eq!(placed(&[small(1), small(2), small(3)], &mut [agent("a", 2, 64)], Timestamp(0)).len(), 2);
    assert_eq!(placed(&[small(1), small(2), small(3)], &mut [agent("a", 9, 5)], Timestamp(0)).len(), 2);
}

#[test]
fn an_idle_agent_is_not_refused_for_size_but_a_bigger_one_is_preferred() {
    let mut one = [agent("tiny", 4, 1)];
    assert_eq!(placed(&[sized(1, 8), small(2)], &mut one, Timestamp(0)), [(1, "tiny".to_owned())]);
    let mut two = [agent("tiny", 4, 1), agent("zbig", 4, 16)];
    two[1].builds = 1;
    two[1].used = Resources { vcpu: 2, memory_mib: 4096 };
    assert_eq!(placed(&[sized(1, 8)], &mut two, Timestamp(0)), [(1, "zbig".to_owned())]);
}

#[test]
fn a_big_build_lets_others_pass_until_its_patience_ends() {
    let busy = || {
        let mut load = agent("a", 4, 8);
        load.builds = 1;
        load.used = Resources { vcpu: 2, memory_mib: 4096 };
        load
    };
    let waiting = [sized(1, 8), small(2)];
    assert_eq!(placed(&waiting, &mut [busy()], Timestamp(1000)), [(2, "a".to_owned())]);
    assert_eq!(placed(&waiting, &mut [busy()], LONG), []);
    let mut with_other = [busy(), agent("b", 1, 2)];
    with_other[1].capacity.slots = 1;
    with_other[1].builds = 0;
    // An idle agent takes the big build; the small one then has the other.
    assert_eq!(placed(&waiting, &mut with_other, LONG), [(1, "b".to_owned()), (2, "a".to_owned())]);
}

#[test]
fn a_build_that_fits_no_agent_ever_reserves_none() {
    let mut arm = small(1);
    arm.requirements.architecture = Architecture::Aarch64;
    assert_eq!(placed(&[arm, small(2)], &mut [agent("a", 4, 8)], LONG), [(2, "a".to_owned())]);
}

#[test]
fn a_misfit_is_explained_in_words() {
    let mut wanted = small(1).requirements;
    let mut capacity = agent("a", 1, 1).capacity;
    assert_eq!(misfit(&wanted, &capacity), None);
    wanted.labels = BTreeMap::from([("gpu".to_owned(), "yes".to_owned()), ("zone".to_owned(), "x".to_owned())]);
    wanted.architecture = Architecture::Aarch64;
    wanted.privileged = true;
    wanted.local_source = true;
    capacity.labels = BTreeMap::from([("zone".to_owned(), "y".to_owned())]);
    assert_eq!(
        misfit(&wanted, &capacity).unwrap(),
        "is x86_64 where the build needs aarch64, lacks label gpu=yes, has label zone=y where the build needs x, \
         does not allow privileged builds, does not allow sources on its own disk"
    );
}

fn fleet(name: &str) -> Option<FleetName> {
    Some(name.parse().unwrap())
}

#[test]
fn a_fleets_builds_stay_in_it_and_others_out_of_it() {
    let rows = [
        // build's fleet, overflow, agent's fleet, fits
        (None, false, None, true),
        (None, false, fleet("on-demand"), true),
        (None, false, fleet("big"), false),
        (fleet("big"), false, fleet("big"), true),
        (fleet("big"), false, fleet("small"), false),
        (fleet("big"), false, None, false),
        (fleet("big"), true, None, true),
        (fleet("big"), true, fleet("on-demand"), true),
        (fleet("big"), true, fleet("small"), false),
        (fleet("on-demand"), false, None, true),
    ];
    for (wanted, overflow, has, fits) in rows {
        let mut build = small(1);
        (build.requirements.fleet, build.requirements.overflow) = (wanted, overflow);
        let mut load = agent("a", 1, 2);
        load.capacity.fleet = has;
        let row = format!("{:?} {overflow} {:?}", build.requirements.fleet, load.capacity.fleet);
        assert_eq!(misfit(&build.requirements, &load.capacity).is_none(), fits, "{row}");
        assert_eq!(placed(&[build], &mut [load], Timestamp(0)).len(), usize::from(fits), "{row}");
    }
}

#[test]
fn a_build_that_needs_disk_goes_where_there_is_some() {
    let mut build = small(1);
    build.requirements.disk_mib = 1000;
    let with = |name, disk_mib| Host { disk_mib, ..agent(name, 1, 2) };
    let mut agents = [with("a", Some(999)), with("b", Some(1000))];
    assert_eq!(placed(std::slice::from_ref(&build), &mut agents, Timestamp(0)), [(1, "b".to_owned())]);
    assert_eq!(
        placed(&[build], &mut [with("a", None)], Timestamp(0)).len(),
        1,
        "one that does not say keeps its floor"
    );
}

#[test]
fn what_an_agent_holds_goes_before_load_but_never_before_fit() {
    let [image, source] = [Affinity(1), Affinity(2)];
    let holding = |name, builds: u32, holds: &[Affinity]| Host {
        builds,
        used: Resources { vcpu: builds * 2, memory_mib: u64::from(builds) * 4096 },
        holds: Arc::new(holds.iter().copied().collect()),
        ..agent(name, 4, 8)
    };
    let mut build = small(1);
    build.requirements.prefers = vec![image, source];
    let first = |agents: &mut [Host]| placed(std::slice::from_ref(&build), agents, Timestamp(0))[0].1.clone();
    assert_eq!(first(&mut [holding("a", 0, &[]), holding("b", 3, &[image])]), "b");
    assert_eq!(first(&mut [holding("a", 0, &[source]), holding("b", 1, &[image]), holding("c", 2, &[image])]), "b");
    assert_eq!(first(&mut [holding("a", 0, &[image]), holding("b", 3, &[image, source])]), "b");
    assert_eq!(first(&mut [holding("a", 2, &[]), holding("b", 4, &[image, source])]), "a", "it is full");
    let mut tiny = holding("tiny", 0, &[image]);
    tiny.capacity.resources = Resources { vcpu: 1, memory_mib: 1024 };
    assert_eq!(first(&mut [holding("a", 2, &[]), tiny]), "a", "it is too small");
}

#[test]
fn packing_fills_one_agent_before_the_next() {
    let mut dispatcher = crate::Dispatcher::new(Policy::Pack, std::collections::HashMap::new());
    for name in ["a", "b", "c"] {
        dispatcher.connect(sample::agent(name), agent(name, 2, 8).standing(), Timestamp(0));
    }
    (1..=5).for_each(|sequence| dispatcher.wait(small(sequence), Timestamp(0)));
    dispatcher.round(9, Timestamp(0));
    let mut builds = ["a", "b", "c"].map(|name| dispatcher.load(&sample::agent(name)).0);
    builds.sort_unstable();
    assert_eq!(builds, [1, 2, 2]);
}

prop_compose! {
    fn any_agent()(slots in 0u32..4, vcpu in 1u32..12, gpu in any::<bool>(), builds in 0u32..3, used in 0u32..8) -> Host {
        let mut load = agent("x", slots, vcpu);
        if gpu {
            load.capacity.labels.insert("gpu".to_owned(), "yes".to_owned());
        }
        load.builds = builds;
        load.used.vcpu = if builds == 0 { 0 } else { used };
        load
    }
}

prop_compose! {
    fn any_candidate()(priority in -1i32..2, vcpu in 1u32..16, gpu in any::<bool>(), waited in 0i64..300_000) -> Candidate {
        let mut candidate = sized(0, vcpu);
        if gpu {
            candidate.requirements.labels.insert("gpu".to_owned(), "yes".to_owned());
        }
        candidate.priority = priority;
        candidate.since = Timestamp(300_000 - waited);
        candidate
    }
}

proptest! {
    #[test]
    fn every_placement_keeps_the_limits(
        mut agents in prop::collection::vec(any_agent(), 0..6),
        mut waiting in prop::collection::vec(any_candidate(), 0..20),
    ) {
        for (at, load) in agents.iter_mut().enumerate() {
            load.agent = sample::agent(&format!("a{at}"));
        }
        for (at, candidate) in (1u64..).zip(waiting.iter_mut()) {
            *candidate = Candidate { build: small(at).build, sequence: at, ..candidate.clone() };
        }
        let before = agents.clone();
        let pairs = place(&waiting, &mut agents, Timestamp(300_000));
        let mut seen = std::collections::BTreeSet::new();
        for pair in &pairs {
            prop_assert!(seen.insert(pair.build.clone()), "a build is placed twice");
            let candidate = waiting.iter().find(|candidate| candidate.build == pair.build).unwrap();
            let load = agents.iter().find(|load| load.agent == pair.agent).unwrap();
            prop_assert_eq!(misfit(&candidate.requirements, &load.capacity), None);
        }
        for (old, new) in before.iter().zip(&agents) {
            let got = u32::try_from(pairs.iter().filter(|pair| pair.agent == new.agent).count()).unwrap();
            prop_assert_eq!(new.builds, old.builds + got);
            prop_assert!(got == 0 || new.builds <= new.capacity.slots);
            prop_assert!(got == 0 || new.builds == 1 || new.used.vcpu <= new.capacity.resources.vcpu);
        }
        // What fits an untouched idle agent is never left waiting, unless that agent is kept for an older build.
        let idle = agents.iter().filter(|load| load.builds == 0);
        let kept = waiting.iter().any(|candidate| !seen.contains(&candidate.build) && candidate.since.0 <= 180_000);
        for load in idle {
            for candidate in waiting.iter().filter(|candidate| !seen.contains(&candidate.build)) {
                prop_assert!(kept || misfit(&candidate.requirements, &load.capacity).is_some());
            }
        }
    }
}
