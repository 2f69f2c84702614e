//! A fleet over hours, with a provisioner that errs, is slow, starts too many, loses some and lies about them, and agents
//! that come late, never, or go away for a while. The plan is carried out as the coordinator does it.

use super::*;
use buildyard_model::Resources;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::time::Duration;
use uuid::Uuid;

const TICK: Duration = Duration::from_secs(5);
const BUILD: Resources = Resources { vcpu: 2, memory_mib: 4096 };

#[derive(Debug)]
struct Host {
    id: InstanceId,
    ticket: Ticket,
    appears_at: Timestamp,
    /// None: its agent never comes.
    joins_at: Option<Timestamp>,
    joined_at: Option<Timestamp>,
    away_until: Timestamp,
    ends: Vec<Timestamp>,
    idle_since: Timestamp,
    draining_since: Option<Timestamp>,
    /// Its list entry as the coordinator has it: since when without an agent.
    alone_since: Option<Timestamp>,
    gone_at: Option<Timestamp>,
}

#[derive(Debug)]
struct World {
    random: StdRng,
    now: Timestamp,
    policy: Policy,
    tells_tickets: bool,
    is_faulty: bool,
    hosts: Vec<Host>,
    queue: VecDeque<Timestamp>,
    arrivals: Vec<Timestamp>,
    pending: Vec<Pending>,
    launches: Vec<Timestamp>,
    failures: u32,
    failed_at: Option<Timestamp>,
    scaled_in_at: Option<Timestamp>,
    next: u128,
    /// When there last was work, or an instance on its way.
    last_busy: Timestamp,
}

impl World {
    fn new(seed: u64, policy: Policy) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        Self {
            now: Timestamp(1_000_000_000),
            policy,
            tells_tickets: random.random(),
            is_faulty: true,
            random,
            hosts: Vec::new(),
            queue: VecDeque::new(),
            arrivals: Vec::new(),
            pending: Vec::new(),
            launches: Vec::new(),
            failures: 0,
            failed_at: None,
            scaled_in_at: None,
            next: 0,
            last_busy: Timestamp(0),
        }
    }

    fn fails(&mut self, percent: u32) -> bool {
        self.is_faulty && self.random.random_range(0..100) < percent
    }

    fn submit(&mut self, count: usize) {
        for _ in 0..count {
            self.queue.push_back(self.now);
            self.arrivals.push(self.now);
        }
    }

    /// One round: time passes, builds end and begin, the plan is made and done. Gives the plan.
    fn round(&mut self) -> Vec<Action> {
        self.now = self.now.plus(TICK);
        self.pass();
        self.place();
        let view = self.view();
        let actions = plan(&view, &self.policy, self.now);
        for action in &actions {
            self.perform(action);
        }
        if !self.queue.is_empty() || !self.pending.is_empty() || self.hosts.iter().any(Host::is_busy) {
            self.last_busy = self.now;
        }
        actions
    }

    fn pass(&mut self) {
        let now = self.now;
        self.hosts.retain(|host| host.gone_at.is_none_or(|at| now < at));
        for at in (0..self.hosts.len()).rev() {
            if self.hosts[at].joined_at.is_some() && self.fails(1) {
                // The host is lost: its builds are queued again.
                let lost = self.hosts.remove(at);
                self.queue.extend(lost.ends.iter().map(|_| now));
                continue;
            }
            let away = if self.fails(1) { now.plus(Duration::from_secs(60)) } else { self.hosts[at].away_until };
            self.hosts[at].pass(now, away);
        }
        let joined: Vec<Ticket> =
            self.hosts.iter().filter(|host| host.joined_at == Some(now)).map(|host| host.ticket).collect();
        if self.pending.iter().any(|pending| joined.contains(&pending.ticket)) {
            (self.failures, self.failed_at) = (0, None);
        }
        self.pending.retain(|pending| !joined.contains(&pending.ticket));
    }

    fn place(&mut self) {
        let (now, slots) = (self.now, self.policy.slots as usize);
        for host in self.hosts.iter_mut().filter(|host| host.is_connected(now) && host.draining_since.is_none()) {
            while host.gone_at.is_none() && host.ends.len() < slots && self.queue.pop_front().is_some() {
                host.ends.push(now.plus(Duration::from_secs(self.random.random_range(5..400))));
            }
        }
    }

    fn view(&mut self) -> FleetView {
        let now = self.now;
        let tells_tickets = self.tells_tickets;
        let waiting = self.queue.iter().map(|since| Demand { resources: BUILD, since: *since, expected: None });
        let members = self.hosts.iter().filter(|host| host.is_connected(now)).map(|host| host.member(&self.policy));
        let (waiting, members) = (waiting.collect(), members.collect());
        let mut instances: Vec<Known> = Vec::new();
        for at in 0..self.hosts.len() {
            let is_hidden = self.fails(3);
            let host = &mut self.hosts[at];
            if host.appears_at <= now && !is_hidden {
                host.alone_since = host.alone_since.or(Some(now));
                instances.push(host.known(now, tells_tickets));
            }
        }
        if self.fails(2) {
            let (instance, ticket) = (InstanceId("phantom".into()), None);
            instances.push(Known { instance, ticket, seen_since: now, stopping: false, leased: false });
        }
        FleetView {
            waiting,
            arrivals: self.arrivals.clone(),
            members,
            instances: (!self.fails(5)).then_some(instances),
            pending: self.pending.clone(),
            launch_time: Some(Duration::from_secs(45)),
            launches: self.launches.clone(),
            failures: self.failures,
            failed_at: self.failed_at,
            scaled_in_at: self.scaled_in_at,
        }
    }

    fn perform(&mut self, action: &Action) {
        let now = self.now;
        match action {
            Action::Launch { count, .. } => (0..*count).for_each(|_| self.launch()),
            Action::Drain { agent, .. } => self.host(agent.as_str()).draining_since = Some(now),
            Action::Undrain { agent, .. } => self.host(agent.as_str()).draining_since = None,
            Action::Forget { ticket, .. } => {
                self.pending.retain(|pending| pending.ticket != *ticket);
                (self.failures, self.failed_at) = (self.failures + 1, Some(now));
            }
            Action::Terminate { .. } if self.fails(20) => {}
            Action::Terminate { instance, .. } => {
                self.scaled_in_at = Some(now);
                let takes = if self.is_faulty { self.random.random_range(0..60) } else { 1 };
                if let Some(host) = self.hosts.iter_mut().find(|host| host.id == *instance) {
                    assert!(host.ends.is_empty(), "{host:?} has builds");
                    host.gone_at = host.gone_at.or(Some(now.plus(Duration::from_secs(takes))));
                }
            }
        }
    }

    fn host(&mut self, agent: &str) -> &mut Host {
        self.hosts.iter_mut().find(|host| host.id.0 == agent).unwrap()
    }

    fn launch(&mut self) {
        self.next += 1;
        let ticket = Ticket(Uuid::from_u128(self.next));
        self.launches.push(self.now);
        if self.fails(15) {
            (self.failures, self.failed_at) = (self.failures + 1, Some(self.now));
            if self.fails(50) {
                return; // An error, and nothing was started.
            }
        } else {
            self.pending.push(Pending { ticket, asked_at: self.now });
            if self.fails(10) {
                return; // A lie: nothing was started.
            }
        }
        let copies = if self.fails(5) { 2 } else { 1 };
        for copy in 0..copies {
            let slowest = if self.fails(10) { 600 } else { 20 };
            let appears_at = self.now.plus(Duration::from_secs(self.random.random_range(0..=slowest)));
            let joins_at = appears_at.plus(Duration::from_secs(self.random.random_range(0..=30)));
            let comes = !self.fails(8);
            self.hosts.push(Host {
                id: InstanceId(format!("i{}x{copy}", self.next)),
                ticket,
                appears_at,
                joins_at: comes.then_some(joins_at),
                joined_at: None,
                away_until: Timestamp(0),
                ends: Vec::new(),
                idle_since: joins_at,
                draining_since: None,
                alone_since: None,
                gone_at: None,
            });
        }
    }

    /// Instances that are there or on their way.
    fn instances(&self) -> usize {
        self.hosts.iter().filter(|host| host.gone_at.is_none()).count()
    }
}

impl Host {
    fn is_connected(&self, now: Timestamp) -> bool {
        self.joined_at.is_some() && now >= self.away_until
    }

    /// Works, or is still to come.
    fn is_busy(&self) -> bool {
        !self.ends.is_empty() || self.joined_at.is_none()
    }

    fn pass(&mut self, now: Timestamp, away_until: Timestamp) {
        self.away_until = away_until;
        if self.joined_at.is_none() && self.gone_at.is_none() && self.joins_at.is_some_and(|at| at <= now) {
            self.joined_at = Some(now);
            self.idle_since = now;
        }
        let before = self.ends.len();
        self.ends.retain(|end| *end > now);
        if before > 0 && self.ends.is_empty() {
            self.idle_since = now;
        }
        if self.is_connected(now) {
            self.alone_since = None;
        }
    }

    fn member(&self, policy: &Policy) -> Member {
        let builds = u32::try_from(self.ends.len()).unwrap();
        Member {
            agent: self.id.0.parse().unwrap(),
            ticket: Some(self.ticket),
            instance: Some(self.id.clone()),
            slots: policy.slots,
            resources: policy.resources,
            builds,
            used: Resources { vcpu: BUILD.vcpu * builds, memory_mib: BUILD.memory_mib * u64::from(builds) },
            endings: self.ends.iter().map(|at| Ending { at: *at, resources: BUILD }).collect(),
            idle_since: self.ends.is_empty().then_some(self.idle_since),
            draining_since: self.draining_since,
            cordoned: false,
            joined_at: self.joined_at.unwrap(),
        }
    }

    fn known(&self, now: Timestamp, tells_tickets: bool) -> Known {
        Known {
            instance: self.id.clone(),
            ticket: tells_tickets.then_some(self.ticket),
            seen_since: self.alone_since.unwrap_or(now),
            stopping: self.gone_at.is_some(),
            leased: !self.ends.is_empty(),
        }
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    let numbers = (0..3_u32, 1..8_u32, 1..5_u32, 60..400_u64, 0..3_u32, 60..=100_u32, any::<bool>());
    numbers.prop_map(|(min, more, slots, idle, warm_slots, utilization_percent, anticipate)| Policy {
        min,
        max: min + more,
        slots,
        resources: Resources { vcpu: 2 * slots, memory_mib: 4096 * u64::from(slots) },
        idle: Duration::from_secs(idle),
        warm_slots,
        utilization_percent,
        anticipate,
        ..Policy::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// `perform` asserts that nothing with a build is ended.
    #[test]
    fn a_fleet_survives_its_provisioner_and_comes_back_to_its_floor(seed in any::<u64>(), policy in policy()) {
        let mut world = World::new(seed, policy);
        for _ in 0..400 {
            if world.random.random_range(0..10) == 0 {
                let count = world.random.random_range(0..12);
                world.submit(count);
            }
            world.round();
        }
        world.is_faulty = false;
        world.queue.clear();
        let floor = (world.policy.min.max(world.policy.warm_slots.div_ceil(world.policy.slots))).min(world.policy.max);
        let within = world.policy.idle + Duration::from_secs(60);
        for _ in 0..1500 {
            world.round();
            prop_assert!(world.instances() <= world.policy.max as usize || world.hosts.iter().any(Host::is_busy));
            if world.now.since(world.last_busy) > within {
                prop_assert_eq!(world.instances(), floor as usize, "{:?} of {:?}", world.hosts, world.policy);
            }
        }
        prop_assert!(world.now.since(world.last_busy) > within, "nothing came to rest: {:?}", world.hosts);
    }

    #[test]
    fn a_steady_load_is_left_alone(seed in any::<u64>(), policy in policy(), load in 0..12_usize) {
        let mut world = World::new(seed, policy);
        world.is_faulty = false;
        let forever = world.now.plus(Duration::from_secs(1_000_000));
        for round in 0..400 {
            world.submit(load.saturating_sub(world.queue.len() + world.hosts.iter().map(|host| host.ends.len()).sum::<usize>()));
            let actions = world.round();
            world.hosts.iter_mut().for_each(|host| host.ends.fill(forever));
            prop_assert!(world.instances() <= world.policy.max as usize);
            prop_assert!(round < 300 || actions.is_empty(), "{actions:?}");
        }
    }

    #[test]
    fn launches_never_lead_above_max(seed in any::<u64>(), policy in policy()) {
        let mut world = World::new(seed, policy);
        world.is_faulty = false;
        for _ in 0..300 {
            let count = if world.random.random_range(0..10) == 0 { world.random.random_range(0..30) } else { 0 };
            world.submit(count);
            world.round();
            prop_assert!(world.instances() <= world.policy.max as usize);
        }
    }
}
