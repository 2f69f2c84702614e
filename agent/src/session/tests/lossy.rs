//! The session against a model of the coordinator over a pipe that breaks, loses what was on its way and repeats.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const SLOTS: u32 = 2;

#[derive(Debug, Clone)]
enum Step {
    /// The coordinator offers a new lease.
    Offer,
    /// The coordinator stops, or revokes, one of its leases.
    Stop(usize),
    Revoke(usize),
    /// One of the agent's builds goes on, ends, or leaves its slot.
    Advance(usize),
    End(usize),
    Free(usize),
    /// That many messages arrive, each once or twice.
    ToCoordinator(usize, bool),
    ToAgent(usize, bool),
    /// Everything on its way is lost.
    Break,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Offer),
        1 => (0..8usize).prop_map(Step::Stop),
        1 => (0..8usize).prop_map(Step::Revoke),
        2 => (0..8usize).prop_map(Step::Advance),
        2 => (0..8usize).prop_map(Step::End),
        2 => (0..8usize).prop_map(Step::Free),
        6 => (1..4usize, any::<bool>()).prop_map(|(n, twice)| Step::ToCoordinator(n, twice)),
        6 => (1..4usize, any::<bool>()).prop_map(|(n, twice)| Step::ToAgent(n, twice)),
        1 => Just(Step::Break),
    ]
}

/// What the model knows about a lease.
#[derive(Debug, Default)]
struct Known {
    accepted: u32,
    declined: u32,
    finished: u32,
    revoked: bool,
}

#[derive(Debug)]
struct World {
    session: Session,
    now: Duration,
    to_coordinator: VecDeque<v1::AgentMessage>,
    to_agent: VecDeque<v1::CoordinatorMessage>,
    /// The agent's builds: whether each has ended.
    builds: BTreeMap<LeaseToken, bool>,
    begun: BTreeSet<LeaseToken>,
    settled: BTreeSet<LeaseToken>,
    // The coordinator.
    known: BTreeMap<LeaseToken, Known>,
    last_number: u64,
    /// Sent on this stream and not acknowledged; sent again on the next.
    unacknowledged: VecDeque<(u64, Command)>,
    next_number: u64,
    welcomed: bool,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            session: Session::new("1", capacity(SLOTS), []),
            now: Duration::ZERO,
            to_coordinator: VecDeque::new(),
            to_agent: VecDeque::new(),
            builds: BTreeMap::new(),
            begun: BTreeSet::new(),
            settled: BTreeSet::new(),
            known: BTreeMap::new(),
            last_number: 0,
            unacknowledged: VecDeque::new(),
            next_number: 1,
            welcomed: false,
        };
        world.tell(Input::Opened);
        world
    }

    fn tell(&mut self, input: Input) {
        self.now += Duration::from_millis(1);
        for output in self.session.handle(input, self.now) {
            match output {
                Output::Send(message) => self.to_coordinator.push_back(message),
                Output::Begin(lease, _) => {
                    assert!(self.begun.insert(lease.clone()), "begun twice: {lease}");
                    self.builds.insert(lease.clone(), false);
                    assert!(self.builds.len() <= SLOTS as usize, "more builds than slots");
                    self.tell(Input::Began(lease));
                }
                Output::Stop(lease, _) | Output::GiveUp(lease, _) => self.end(&lease),
                Output::Revoke(lease, _) => {
                    self.builds.entry(lease).and_modify(|ended| *ended = true);
                }
                Output::Settled(lease) => {
                    assert!(self.known[&lease].finished > 0, "settled before it was acted on");
                    self.settled.insert(lease);
                }
                Output::Close(reason) => panic!("closed: {reason}"),
                Output::Awaiting(_) | Output::Drained => {}
            }
        }
    }

    fn end(&mut self, lease: &LeaseToken) {
        if self.builds.insert(lease.clone(), true) == Some(false) {
            self.tell(Input::Finished(lease.clone(), result(Outcome::Succeeded)));
        }
    }

    fn nth_build(&self, n: usize) -> Option<LeaseToken> {
        self.builds.keys().nth(n % self.builds.len().max(1)).cloned()
    }

    fn nth_known(&self, n: usize) -> Option<LeaseToken> {
        self.known.keys().nth(n % self.known.len().max(1)).cloned()
    }

    fn order(&mut self, command: Command) {
        self.unacknowledged.push_back((self.next_number, command.clone()));
        if self.welcomed {
            self.to_agent.push_back(v1::CoordinatorMessage { number: self.next_number, body: Some(command) });
        }
        self.next_number += 1;
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Offer => {
                let lease = lease(self.known.len() as u128 + 1, 1);
                self.known.insert(lease.clone(), Known::default());
                self.order(offer(&lease));
            }
            Step::Stop(n) => {
                if let Some(lease) = self.nth_known(*n) {
                    self.order(Command::Stop(v1::Stop { lease: Some((&lease).into()), grace_ms: 1 }));
                }
            }
            Step::Revoke(n) => {
                if let Some(lease) = self.nth_known(*n) {
                    self.known.get_mut(&lease).unwrap().revoked = true;
                    self.unacknowledged.retain(|(_, command)| !offers(command, &lease));
                    self.order(Command::Revoke(v1::Revoke { lease: Some((&lease).into()), reason: String::new() }));
                }
            }
            Step::Advance(n) => {
                if let Some(lease) = self.nth_build(*n) {
                    self.tell(Input::Progress(lease, Snapshot::default()));
                }
            }
            Step::End(n) => {
                if let Some(lease) = self.nth_build(*n) {
                    self.end(&lease);
                }
            }
            Step::Free(n) => {
                if let Some(lease) = self.nth_build(*n).filter(|lease| self.builds[lease]) {
                    self.builds.remove(&lease);
                    self.tell(Input::Freed(lease));
                }
            }
            Step::ToCoordinator(n, twice) => self.deliver_to_coordinator(*n, *twice),
            Step::ToAgent(n, twice) => self.deliver_to_agent(*n, *twice),
            Step::Break => self.reconnect(),
        }
    }

    fn reconnect(&mut self) {
        self.to_agent.clear();
        self.to_coordinator.clear();
        self.welcomed = false;
        self.tell(Input::Closed);
        self.tell(Input::Opened);
    }

    fn deliver_to_agent(&mut self, count: usize, twice: bool) {
        for _ in 0..count {
            let Some(message) = self.to_agent.pop_front() else { return };
            if twice {
                self.tell(Input::Received(message.clone()));
            }
            self.tell(Input::Received(message));
        }
    }

    fn deliver_to_coordinator(&mut self, count: usize, twice: bool) {
        for _ in 0..count {
            let Some(message) = self.to_coordinator.pop_front() else { return };
            if twice && message.number != 0 {
                self.coordinate(message.clone());
            }
            self.coordinate(message);
        }
    }

    fn coordinate(&mut self, message: v1::AgentMessage) {
        let reply = |body| v1::CoordinatorMessage { number: 0, body: Some(body) };
        match message.body.unwrap() {
            Body::Hello(_) => {
                let last_number = self.last_number;
                let welcome = v1::Welcome { heartbeat_every_ms: 5000, offline_limit_ms: 600_000, last_number };
                self.to_agent.push_back(reply(Command::Welcome(welcome)));
                self.welcomed = true;
                // Numbers begin again with every session.
                self.next_number = 1;
                for (_, command) in std::mem::take(&mut self.unacknowledged) {
                    self.order(command);
                }
            }
            Body::Heartbeat(_) => {}
            Body::Ack(ack) => self.unacknowledged.retain(|(number, _)| *number > ack.number),
            body => {
                if message.number > self.last_number {
                    self.last_number = message.number;
                    self.act(&body);
                }
                self.to_agent.push_back(reply(Command::Ack(v1::Ack { number: self.last_number })));
            }
        }
    }

    fn act(&mut self, body: &Body) {
        // What was answered is not offered again.
        if let Body::Accept(v1::Accept { lease })
        | Body::Decline(v1::Decline { lease, .. })
        | Body::Finished(v1::Finished { lease, .. }) = body
        {
            let lease = convert::lease(lease.as_ref()).unwrap();
            self.unacknowledged.retain(|(_, command)| !offers(command, &lease));
        }
        match body {
            Body::Accept(accept) => self.of(&accept.lease).accepted += 1,
            Body::Decline(decline) => self.of(&decline.lease).declined += 1,
            Body::Finished(finished) => self.of(&finished.lease).finished += 1,
            _ => {}
        }
    }

    fn of(&mut self, lease: &Option<v1::Lease>) -> &mut Known {
        self.known.get_mut(&convert::lease(lease.as_ref()).unwrap()).unwrap()
    }

    /// Lets every build end and everything arrive.
    fn heal(&mut self) {
        for _ in 0..200 {
            for lease in self.builds.keys().cloned().collect::<Vec<_>>() {
                self.end(&lease);
                self.builds.remove(&lease);
                self.tell(Input::Freed(lease));
            }
            self.deliver_to_coordinator(100, false);
            self.deliver_to_agent(100, false);
        }
    }
}

fn offers(command: &Command, lease: &LeaseToken) -> bool {
    matches!(command, Command::Offer(offer) if offer.lease == Some(lease.into()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_lease_gets_one_answer_and_one_result(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.reconnect();
        world.heal();
        prop_assert!(world.session.held().is_empty(), "still held: {:?}", world.session.held());
        prop_assert!(world.unacknowledged.is_empty());
        for (lease, known) in &world.known {
            prop_assert!(known.finished <= 1, "{lease} finished {} times", known.finished);
            prop_assert!(known.declined <= 1 && (known.declined == 0 || known.accepted == 0), "{lease}: {known:?}");
            if !known.revoked {
                let ended = known.declined + known.finished;
                prop_assert_eq!(ended, 1, "{} has no end: {:?}", lease, known);
                prop_assert_eq!(known.finished == 1, world.settled.contains(lease));
            }
        }
    }
}
