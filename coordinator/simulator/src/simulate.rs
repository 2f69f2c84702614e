//! Virtual time: builds come, agents join, builds end; after each of these, and every few seconds while there is
//! something to look after, builds are placed and the fleet's size is planned.

use crate::fleet::{Fleet, Host, Running, count};
use crate::outcome::{Moment, Outcome, Waits};
use crate::random::Random;
use crate::reactive;
use crate::trace::Entry;
use buildyard_model::{AgentId, Architecture, BuildId, Requirements, Resources, Timestamp};
use buildyard_scheduler::estimate::Durations;
use buildyard_scheduler::scaling::{self, ANTICIPATION, Action, Demand, FleetView, Policy};
use buildyard_scheduler::{Candidate, Dispatcher};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::time::Duration;
use uuid::Uuid;

const TICK: Duration = Duration::from_secs(5);
/// While there is no instance and no work: for schedules.
const QUIET_TICK: Duration = Duration::from_secs(60);
/// After the last build, for the fleet to become small again.
const AFTER: Duration = Duration::from_secs(3600);
/// After the last submission, for what waits.
const PATIENCE: Duration = Duration::from_secs(7 * 86_400);

/// How long an instance takes from the request to its agent's first word.
#[derive(Debug, Clone, Copy)]
pub struct Launches {
    pub median: Duration,
    /// Of the logarithm; 0: always the median.
    pub spread: f64,
    /// Of a hundred launches, how many never join.
    pub lost_percent: u32,
    pub seed: u64,
}

impl Default for Launches {
    fn default() -> Self {
        Self { median: Duration::from_secs(45), spread: 0.3, lost_percent: 0, seed: 1 }
    }
}

/// Who decides on the fleet's size.
#[derive(Debug, Clone)]
pub enum Planner {
    /// `scaling::plan` with this policy.
    Scaling(Policy),
    /// One instance per waiting build, idle for ten minutes; of the policy, instance size, `max` and `join_within`.
    Reactive(Policy),
}

impl Planner {
    fn policy(&self) -> &Policy {
        match self {
            Self::Scaling(policy) | Self::Reactive(policy) => policy,
        }
    }

    fn plan(&self, view: &FleetView, now: Timestamp) -> Vec<Action> {
        match self {
            Self::Scaling(policy) => scaling::plan(view, policy, now),
            Self::Reactive(policy) => reactive::plan(view, policy, now),
        }
    }
}

/// Replays the trace, which is in the order of submission, and gives what came of it under the name `policy`.
pub fn simulate(trace: &[Entry], policy: &str, planner: &Planner, launches: &Launches) -> Outcome {
    let mut simulation = Simulation::new(trace, planner, launches);
    simulation.run();
    simulation.outcome(policy)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    End { host: u64, entry: usize },
    Join { host: u64 },
    Arrive { entry: usize },
    Look,
}

#[derive(Debug)]
struct Simulation<'a> {
    trace: &'a [Entry],
    planner: &'a Planner,
    launches: &'a Launches,
    now: Timestamp,
    events: BinaryHeap<Reverse<(Timestamp, Event)>>,
    fleet: Fleet,
    dispatcher: Dispatcher,
    entries: HashMap<BuildId, usize>,
    arrivals: VecDeque<Timestamp>,
    durations: Durations,
    launched: u64,
    recent_launches: VecDeque<Timestamp>,
    failures: u32,
    failed_at: Option<Timestamp>,
    scaled_in_at: Option<Timestamp>,
    instance_ms: u128,
    waits_ms: Vec<u64>,
    ended: usize,
    moments: Vec<Moment>,
    peak: u32,
    last_end: Timestamp,
}

impl<'a> Simulation<'a> {
    fn new(trace: &'a [Entry], planner: &'a Planner, launches: &'a Launches) -> Self {
        let policy = planner.policy();
        let first = Timestamp(trace.first().map_or(0, |entry| entry.submitted_at_ms));
        let arrivals = trace.iter().enumerate();
        let mut events: BinaryHeap<_> = arrivals
            .map(|(entry, build)| Reverse((Timestamp(build.submitted_at_ms), Event::Arrive { entry })))
            .collect();
        events.push(Reverse((first, Event::Look)));
        Self {
            trace,
            planner,
            launches,
            now: first,
            events,
            fleet: Fleet::new(policy.slots, policy.resources),
            dispatcher: Dispatcher::default(),
            entries: HashMap::new(),
            arrivals: VecDeque::new(),
            durations: Durations::default(),
            launched: 0,
            recent_launches: VecDeque::new(),
            failures: 0,
            failed_at: None,
            scaled_in_at: None,
            instance_ms: 0,
            waits_ms: Vec::new(),
            ended: 0,
            moments: Vec::new(),
            peak: 0,
            last_end: first,
        }
    }

    fn run(&mut self) {
        while let Some(Reverse((at, event))) = self.events.pop() {
            self.now = at;
            self.happen(event);
            while self.events.peek().is_some_and(|Reverse((next, _))| *next == at) {
                if let Some(Reverse((_, event))) = self.events.pop() {
                    self.happen(event);
                }
            }
            if self.is_over() {
                break;
            }
            self.place();
            for action in self.planner.plan(&self.view(), at) {
                self.perform(&action);
            }
            self.note();
        }
    }

    /// Whether all builds ended and the fleet had its time to become small, or nothing more can come of it.
    fn is_over(&self) -> bool {
        let last_submitted = Timestamp(self.trace.last().map_or(0, |entry| entry.submitted_at_ms));
        let is_done = self.ended == self.trace.len();
        (is_done && (self.fleet.hosts.is_empty() || self.now.since(self.last_end) > AFTER))
            || self.now.since(last_submitted) > PATIENCE
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { entry } => self.arrive(entry),
            Event::Join { host } => {
                if let Some(agent) = self.fleet.join(host, self.now) {
                    self.dispatcher.connect(agent, self.fleet.standing(false), self.now);
                    (self.failures, self.failed_at) = (0, None);
                }
            }
            Event::End { host, entry } => self.end(host, entry),
            Event::Look => {
                let is_quiet = self.fleet.hosts.is_empty() && self.dispatcher.queue().is_empty();
                let next = self.now.plus(if is_quiet { QUIET_TICK } else { TICK });
                self.events.push(Reverse((next, Event::Look)));
            }
        }
    }

    fn arrive(&mut self, entry: usize) {
        let build = &self.trace[entry];
        let Some(id) = id(build, entry) else { return };
        self.entries.insert(id.clone(), entry);
        self.arrivals.push_back(self.now);
        let candidate = Candidate {
            build: id,
            priority: build.priority,
            since: self.now,
            sequence: entry as u64,
            requirements: requirements(build),
        };
        self.dispatcher.wait(candidate, self.now);
    }

    fn end(&mut self, host: u64, entry: usize) {
        let build = &self.trace[entry];
        self.fleet.end(host, entry, self.now);
        self.ended += 1;
        self.last_end = self.now;
        let Some(id) = id(build, entry) else { return };
        self.durations.note(id.project(), Duration::from_millis(build.duration_ms));
        self.dispatcher.forget(&id, self.now);
    }

    fn place(&mut self) {
        for assignment in self.dispatcher.round(usize::MAX, self.now) {
            let Some(&entry) = self.entries.get(&assignment.build) else { continue };
            let build = &self.trace[entry];
            let project = assignment.build.project().clone();
            let running = Running { entry, project, resources: resources(build), since: self.now };
            if let Some(host) = self.fleet.begin(&assignment.agent, running) {
                let ends = self.now.plus(Duration::from_millis(build.duration_ms));
                self.events.push(Reverse((ends, Event::End { host, entry })));
                self.waits_ms.push(self.now.0.abs_diff(build.submitted_at_ms));
            }
        }
    }

    fn view(&mut self) -> FleetView {
        let now = self.now;
        let is_recent = |at: &Timestamp| now.since(*at) <= ANTICIPATION;
        self.arrivals.retain(is_recent);
        self.recent_launches.retain(is_recent);
        let queue = self.dispatcher.queue();
        let demand = |candidate: Candidate| Demand {
            resources: candidate.requirements.resources,
            since: candidate.since,
            expected: self.durations.percentile(candidate.build.project(), 50),
        };
        FleetView {
            waiting: queue.order(queue.len()).into_iter().map(demand).collect(),
            arrivals: self.arrivals.iter().copied().collect(),
            members: self.fleet.members(&self.durations),
            instances: Some(self.fleet.instances()),
            pending: self.fleet.pending(),
            launch_time: self.fleet.launch_time(),
            launches: self.recent_launches.iter().copied().collect(),
            failures: self.failures,
            failed_at: self.failed_at,
            scaled_in_at: self.scaled_in_at,
        }
    }

    fn perform(&mut self, action: &Action) {
        let now = self.now;
        match action {
            Action::Launch { count, .. } => (0..*count).for_each(|_| self.launch()),
            Action::Drain { agent, .. } => self.drain(agent, Some(now)),
            Action::Undrain { agent, .. } => self.drain(agent, None),
            Action::Forget { ticket, .. } => {
                self.fleet.give_up(*ticket);
                (self.failures, self.failed_at) = (self.failures + 1, Some(now));
            }
            Action::Terminate { instance, .. } => {
                if let Some(host) = self.fleet.terminate(instance) {
                    self.dispatcher.disconnect(&host.agent);
                    self.scaled_in_at = Some(now);
                    self.instance_ms += self.lived(&host);
                }
            }
        }
    }

    fn drain(&mut self, agent: &AgentId, since: Option<Timestamp>) {
        if let Some((_, host)) = self.fleet.by_agent(agent) {
            host.draining_since = since;
            self.dispatcher.connect(agent.clone(), self.fleet.standing(since.is_some()), self.now);
        }
    }

    /// The n-th launch takes the same time whatever the policy.
    fn launch(&mut self) {
        self.launched += 1;
        let number = self.launched;
        self.recent_launches.push_back(self.now);
        if self.fleet.launch(number, self.now).is_none() {
            return;
        }
        let mut random = Random::new(self.launches.seed.wrapping_add(number.wrapping_mul(0x5851_f42d_4c95_7f2d)));
        if random.next() % 100 < u64::from(self.launches.lost_percent) {
            return;
        }
        let median_ms = u64::try_from(self.launches.median.as_millis()).unwrap_or(u64::MAX);
        let takes = Duration::from_millis(random.around(median_ms, self.launches.spread));
        self.events.push(Reverse((self.now.plus(takes), Event::Join { host: number })));
    }

    fn lived(&self, host: &Host) -> u128 {
        self.now.since(host.asked_at).as_millis()
    }

    fn note(&mut self) {
        let instances = count(self.fleet.hosts.len());
        self.peak = self.peak.max(instances);
        let moment = Moment {
            at_ms: self.now.0,
            waiting: count(self.dispatcher.queue().len()),
            running: count(self.fleet.running()),
            instances,
        };
        let figures = |moment: &Moment| (moment.waiting, moment.running, moment.instances);
        if self.moments.last().is_none_or(|last| figures(last) != figures(&moment)) {
            self.moments.push(moment);
        }
    }

    fn outcome(mut self, policy: &str) -> Outcome {
        let left: u128 = self.fleet.hosts.values().map(|host| self.lived(host)).sum();
        self.note();
        // Years in milliseconds fit.
        #[allow(clippy::cast_precision_loss, reason = "see above")]
        let instance_hours = (self.instance_ms + left) as f64 / 3_600_000.0;
        Outcome {
            policy: policy.to_owned(),
            builds: self.trace.len(),
            wait: Waits::of(self.waits_ms),
            instance_hours,
            peak_instances: self.peak,
            launches: u32::try_from(self.launched).unwrap_or(u32::MAX),
            unfinished: self.trace.len() - self.ended,
            moments: self.moments,
        }
    }
}

/// None for a project's name that is none, which the trace's reader does not let pass.
fn id(build: &Entry, entry: usize) -> Option<BuildId> {
    format!("{}:{}", build.project, Uuid::from_u128(entry as u128)).parse().ok()
}

fn resources(build: &Entry) -> Resources {
    Resources { vcpu: build.vcpu, memory_mib: build.memory_mib }
}

fn requirements(build: &Entry) -> Requirements {
    Requirements {
        resources: resources(build),
        architecture: Architecture::X86_64,
        labels: BTreeMap::new(),
        privileged: false,
        local_source: false,
        disk_mib: 0,
        fleet: None,
        overflow: false,
        prefers: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
