use super::*;
use crate::placement::{Closed, misfit};
use crate::sample;
use buildyard_model::{Architecture, Capacity};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn id(project: usize, sequence: u64) -> BuildId {
    format!("p{project}:00000000-0000-{project:04}-0000-{sequence:012}").parse().unwrap()
}

fn candidate(project: usize, sequence: u64, since: i64) -> Candidate {
    let requirements = sample::spec().requirements();
    Candidate { build: id(project, sequence), priority: 0, since: Timestamp(since), sequence, requirements }
}

fn standing(slots: u32) -> Standing {
    Standing {
        capacity: Capacity {
            slots,
            resources: Resources { vcpu: slots * 2, memory_mib: u64::from(slots) * 4096 },
            architecture: Architecture::X86_64,
            labels: BTreeMap::new(),
            privileged: false,
            local_source: false,
            executor: "fake".to_owned(),
            fleet: None,
        },
        holds: Default::default(),
        disk_mib: None,
        closed: None,
    }
}

/// A fleet in virtual time, in which every project always has builds that wait.
struct World {
    dispatcher: Dispatcher,
    /// How long the builds of each project last.
    lasts: Vec<u64>,
    submitted: Vec<u64>,
    ends: BTreeSet<(i64, BuildId)>,
    slot_time: Vec<u64>,
    started: Vec<(i64, BuildId)>,
    now: i64,
}

fn project_of(build: &BuildId) -> usize {
    build.project().as_str()[1..].parse().unwrap()
}

impl World {
    fn new(weights: &[u32], lasts: Vec<u64>, agents: &[u32]) -> Self {
        let weights = weights.iter().enumerate().map(|(at, weight)| (format!("p{at}").parse().unwrap(), *weight));
        let mut dispatcher = Dispatcher::new(Policy::Spread, weights.collect());
        for (at, slots) in agents.iter().enumerate() {
            dispatcher.connect(sample::agent(&format!("a{at}")), standing(*slots), Timestamp(0));
        }
        let projects = lasts.len();
        let (submitted, slot_time) = (vec![0; projects], vec![0; projects]);
        Self { dispatcher, lasts, submitted, ends: BTreeSet::new(), slot_time, started: Vec::new(), now: 0 }
    }

    fn submit(&mut self, project: usize) {
        self.submitted[project] += 1;
        let waits = candidate(project, self.submitted[project], self.now);
        self.dispatcher.wait(waits, Timestamp(self.now));
    }

    fn round(&mut self) {
        for pair in self.dispatcher.round(usize::MAX, Timestamp(self.now)) {
            let lasts = i64::try_from(self.lasts[project_of(&pair.build)]).unwrap();
            self.ends.insert((self.now + lasts, pair.build.clone()));
            self.started.push((self.now, pair.build));
        }
    }

    /// Goes on to the next end of a build; its project submits another if it is to have a backlog.
    fn step(&mut self, backlog: bool) {
        let Some((at, build)) = self.ends.pop_first() else { return };
        self.now = at;
        self.dispatcher.forget(&build, Timestamp(at));
        let project = project_of(&build);
        self.slot_time[project] += self.lasts[project];
        if backlog {
            self.submit(project);
        }
        self.round();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Reliability I11: of k projects that always have builds waiting, each gets a k-th of the slots, by its weight, to
    /// a fifth; whatever their builds last, and also where there are fewer slots than projects.
    #[test]
    fn backlogged_projects_share_the_slots_by_weight(
        projects in prop::collection::vec((1u32..4, 2000u64..30_000), 2..6),
        agents in prop::collection::vec(1u32..4, 1..5),
    ) {
        let weights: Vec<u32> = projects.iter().map(|(weight, _)| *weight).collect();
        let lasts: Vec<u64> = projects.iter().map(|(_, lasts)| *lasts).collect();
        let slots: u32 = agents.iter().sum();
        let mut world = World::new(&weights, lasts, &agents);
        for project in 0..weights.len() {
            (0..slots * 2).for_each(|_| world.submit(project));
        }
        world.round();
        while world.now < 1_800_000 {
            world.step(true);
        }
        let all: u64 = world.slot_time.iter().sum();
        let weight: u32 = weights.iter().sum();
        for (at, got) in world.slot_time.iter().enumerate() {
            let due = all * u64::from(weights[at]) / u64::from(weight);
            prop_assert!(*got >= due * 8 / 10, "p{at} of {weights:?} got {:?} of {slots} slots", world.slot_time);
        }
    }

    /// Reliability F67 and the second acceptance: whoever comes while another has a crowd waiting starts within
    /// one build's duration, also on a single slot.
    #[test]
    fn a_crowd_does_not_hold_up_another_projects_first_build(
        slots in 1u32..5,
        crowd in 1000u64..20_000,
        comes_after in 0usize..40,
    ) {
        let mut world = World::new(&[], vec![crowd, 1000], &[slots]);
        (0..200).for_each(|_| world.submit(0));
        world.round();
        (0..comes_after).for_each(|_| world.step(false));
        let came = world.now;
        world.submit(1);
        while !world.started.iter().any(|(_, build)| project_of(build) == 1) {
            world.step(false);
        }
        let waited = world.now - came;
        prop_assert!(waited <= i64::try_from(crowd).unwrap(), "it waited {waited} ms");
    }

    /// Within a project the order is that of submission, and whatever happens no agent has more than its slots
    /// (reliability I10) and nothing waits that could run.
    #[test]
    fn whatever_happens_slots_fits_and_the_order_are_kept(
        deeds in prop::collection::vec((0u8..8, 0usize..4, 0usize..3), 1..200),
    ) {
        let mut dispatcher = Dispatcher::default();
        let mut granted: BTreeMap<BuildId, AgentId> = BTreeMap::new();
        let (mut last, mut submitted) = (BTreeMap::<(usize, bool), u64>::new(), 0);
        for (at, (deed, project, agent)) in (1i64..).zip(deeds) {
            let now = Timestamp(at * 1000);
            let name = sample::agent(&format!("a{agent}"));
            match deed {
                0..=2 => {
                    submitted += 1;
                    let mut waits = candidate(project, submitted, now.0);
                    if agent == 0 {
                        waits.requirements.labels.insert("gpu".to_owned(), "yes".to_owned());
                    }
                    dispatcher.wait(waits, now);
                }
                3 => {
                    let mut stands = standing(2);
                    if project == 0 {
                        stands.capacity.labels.insert("gpu".to_owned(), "yes".to_owned());
                    }
                    dispatcher.connect(name, stands, now);
                }
                4 => dispatcher.disconnect(&name),
                5 => {
                    if let Some((build, _)) = granted.pop_first() {
                        dispatcher.forget(&build, now);
                    }
                }
                _ => {
                    let wanted: BTreeMap<_, _> =
                        dispatcher.queue().order(usize::MAX).into_iter().map(|waits| (waits.build.clone(), waits)).collect();
                    let pairs = dispatcher.round(3, now);
                    let full = pairs.len() < 3;
                    for pair in pairs {
                        let waited = &wanted[&pair.build];
                        let lane = (project_of(&pair.build), waited.requirements.labels.is_empty());
                        let before = last.insert(lane, waited.sequence);
                        prop_assert!(before < Some(waited.sequence), "{} after {before:?}", pair.build);
                        granted.insert(pair.build, pair.agent);
                    }
                    let agents: Vec<_> = dispatcher.agents().collect();
                    for load in &agents {
                        let has = granted.values().filter(|agent| *agent == load.agent).count();
                        prop_assert_eq!(usize::try_from(load.builds).unwrap(), has);
                        prop_assert!(load.builds <= load.capacity.slots);
                    }
                    for waits in dispatcher.queue().order(usize::MAX).iter().filter(|_| full) {
                        let could = agents.iter().find(|load| {
                            load.builds < load.capacity.slots && misfit(&waits.requirements, load.capacity).is_none()
                        });
                        prop_assert!(could.is_none(), "{} waits beside {could:?}", waits.build);
                    }
                }
            }
        }
    }
}

#[test]
fn what_a_round_decided_is_not_decided_again_and_can_be_taken_back() {
    let now = Timestamp(0);
    let mut dispatcher = Dispatcher::default();
    dispatcher.connect(sample::agent("a"), standing(1), now);
    dispatcher.wait(candidate(1, 1, 0), now);
    dispatcher.wait(candidate(1, 2, 0), now);
    assert_eq!(dispatcher.round(9, now)[0].build, id(1, 1));
    assert_eq!(dispatcher.round(9, now), []);
    dispatcher.wait(candidate(1, 1, 0), now);
    assert_eq!(dispatcher.round(9, now)[0].build, id(1, 1), "in its old place");
    dispatcher.forget(&id(1, 1), now);
    assert_eq!(dispatcher.round(9, now)[0].build, id(1, 2));
}

#[test]
fn an_agent_that_rests_takes_builds_again_when_its_time_is_over() {
    let mut dispatcher = Dispatcher::default();
    let closed = Some(Closed::Until(Timestamp(5000), "rests".to_owned()));
    dispatcher.connect(sample::agent("a"), Standing { closed, ..standing(1) }, Timestamp(0));
    dispatcher.wait(candidate(1, 1, 0), Timestamp(0));
    assert_eq!(dispatcher.round(9, Timestamp(4999)), []);
    assert_eq!(dispatcher.round(9, Timestamp(5000)).len(), 1);
}

/// A measurement, run by hand: `cargo test --release -p buildyard-scheduler thousand -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn ten_thousand_agents_and_a_hundred_thousand_builds() {
    let now = Timestamp(0);
    let mut dispatcher = Dispatcher::default();
    for agent in 0..10_000 {
        dispatcher.connect(sample::agent(&format!("agent-{agent:05}")), standing(2), now);
    }
    let began = std::time::Instant::now();
    for sequence in 0..100_000 {
        dispatcher.wait(candidate(usize::try_from(sequence % 50).unwrap(), sequence, 0), now);
    }
    eprintln!("100,000 builds queued in {:?}", began.elapsed());
    let (began, mut granted) = (std::time::Instant::now(), Vec::new());
    while granted.len() < 20_000 {
        granted.extend(dispatcher.round(256, now));
    }
    let took: Duration = began.elapsed();
    eprintln!("20,000 grants in rounds of 256: {took:?}, {:?} each", took / 20_000);
    let began = std::time::Instant::now();
    for pair in granted.iter().take(10_000) {
        dispatcher.forget(&pair.build, now);
        assert_eq!(dispatcher.round(256, now).len(), 1);
    }
    eprintln!("10,000 ends, each with a round: {:?} each", began.elapsed() / 10_000);
    let began = std::time::Instant::now();
    assert_eq!(dispatcher.queue().order(1000).len(), 1000);
    eprintln!("the first 1,000 in order: {:?}", began.elapsed());
}
