//! Who waits, who has what in its hands, and how agents stand: derived from every committed step, so that neither the
//! matcher nor who looks after leases need read the store.
//!
//! `Dispatcher` decides; here is the lock around it, the versions that keep late news from undoing later ones, and what
//! the builds that end teach: how long they take, which agents fail them, how good estimates were.

use crate::sessions::Sessions;
use crate::tenure::{Stage, Tenure};
use buildyard_model::{AgentId, BuildId, FleetName, ProjectName, StartEstimate, Timestamp};
use buildyard_scheduler::estimate::{Durations, Scores};
use buildyard_scheduler::placement::{Assignment, Candidate, Closed, Policy, Trust, Verdict};
use buildyard_scheduler::scaling::ANTICIPATION;
use buildyard_scheduler::{Build, Dispatcher};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Arrivals remembered of one fleet. More than these within [`ANTICIPATION`] are many, however many they are.
const MOST_ARRIVALS: usize = 20_000;

#[derive(Debug, Default)]
pub(crate) struct Held {
    tenures: HashMap<BuildId, Tenure>,
    by_agent: HashMap<AgentId, BTreeSet<BuildId>>,
    /// The version by which each build waits.
    waiting: HashMap<BuildId, u64>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) durations: Arc<Durations>,
    pub(crate) scores: Scores,
    trust: HashMap<AgentId, Trust>,
    /// Agents that rest since builds failed on them, and until when.
    rests: HashMap<AgentId, Timestamp>,
    /// When connected agents last became free.
    freed: HashMap<AgentId, Timestamp>,
    /// When builds came lately, by the fleet that they name.
    arrivals: HashMap<FleetName, VecDeque<Timestamp>>,
    /// Instances asked for in each fleet whose agents have not joined.
    pub(crate) launches: HashMap<FleetName, u32>,
}

impl Held {
    /// Gives the agent that had it.
    fn remove(&mut self, id: &BuildId) -> Option<AgentId> {
        self.waiting.remove(id);
        let tenure = self.tenures.remove(id)?;
        if let Some(builds) = self.by_agent.get_mut(&tenure.agent) {
            builds.remove(id);
            if builds.is_empty() {
                self.by_agent.remove(&tenure.agent);
            }
        }
        Some(tenure.agent)
    }

    /// The build waits. One that nobody knew has just come.
    fn wait(&mut self, candidate: Candidate, version: u64, now: Timestamp) {
        let id = candidate.build.clone();
        if self.known(&id).is_none() {
            let fleet = candidate.requirements.fleet.clone().unwrap_or_else(FleetName::on_demand);
            let arrivals = self.arrivals.entry(fleet).or_default();
            arrivals.push_back(candidate.since);
            arrivals.drain(..arrivals.len().saturating_sub(MOST_ARRIVALS));
        }
        self.let_go(&id, now);
        self.waiting.insert(id, version);
        self.dispatcher.wait(candidate, now);
    }

    /// The build is not in an agent's hands any more, and does not wait as it did.
    fn let_go(&mut self, id: &BuildId, now: Timestamp) {
        if let Some(agent) = self.remove(id).filter(|agent| !self.by_agent.contains_key(agent)) {
            self.freed.insert(agent, now);
        }
    }

    fn known(&self, id: &BuildId) -> Option<u64> {
        self.tenures.get(id).map(|tenure| tenure.version).or_else(|| self.waiting.get(id).copied())
    }

    /// What a build says of its agent. Gives the agent if it is to rest.
    fn judge(&mut self, build: &Build, now: Timestamp) -> Option<AgentId> {
        let (agent, verdict) = (build.agent.as_ref()?, build.verdict()?);
        if verdict == Verdict::Ran {
            // That is what an agent has of which nothing is known.
            self.trust.remove(agent);
            return None;
        }
        self.rests.retain(|_, until| *until > now);
        let until = self.trust.entry(agent.clone()).or_default().note(verdict, now);
        if let Some(until) = until {
            self.rests.insert(agent.clone(), until);
        }
        until.map(|_| agent.clone())
    }
}

/// The fleet's load.
#[derive(Debug)]
pub(crate) struct Loads(Mutex<Held>);

impl Loads {
    pub(crate) fn new(policy: Policy, weights: HashMap<ProjectName, u32>) -> Self {
        Self(Mutex::new(Held { dispatcher: Dispatcher::new(policy, weights), ..Held::default() }))
    }

    /// Everything, for somebody who looks and lets go soon.
    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a build's committed state. An older state than the one known changes nothing: two who commit one
    /// after the other may get here the other way round. Gives the agent that is to rest because of it, if one is.
    pub(crate) fn note(&self, build: &Build, now: Timestamp) -> Option<AgentId> {
        let id = &build.spec.id;
        let mut held = self.held();
        if held.known(id).is_some_and(|known| known > build.version) {
            return None;
        }
        let had = held.tenures.contains_key(id);
        if let Some(candidate) = build.candidate() {
            held.wait(candidate, build.version, now);
            return None;
        }
        if let Some(tenure) = Tenure::of(build) {
            if !had && tenure.stage == Stage::Offered {
                held.scores.started(id, tenure.since);
            }
            held.remove(id);
            held.dispatcher.hold(id.clone(), tenure.agent.clone(), tenure.resources, now);
            held.by_agent.entry(tenure.agent.clone()).or_default().insert(id.clone());
            held.tenures.insert(id.clone(), tenure);
            return if build.commands_started { held.judge(build, now) } else { None };
        }
        held.let_go(id, now);
        held.dispatcher.forget(id, now);
        held.scores.forget(id);
        // A build that ended before this coordinator was there, or ends a second time, teaches nothing.
        if !had {
            return None;
        }
        if let Some(lasted) = build.lasted() {
            Arc::make_mut(&mut held.durations).note(id.project(), lasted);
        }
        held.judge(build, now)
    }

    /// Takes note of a build that waits, as the store's queue tells. What a step told of it stands.
    pub(crate) fn enter(&self, candidate: Candidate, now: Timestamp) {
        let mut held = self.held();
        if held.known(&candidate.build).is_none() {
            held.wait(candidate, 0, now);
        }
    }

    /// Forgets a build that is not there any more, or is to be left alone.
    pub(crate) fn forget(&self, build: &BuildId, now: Timestamp) {
        let mut held = self.held();
        held.let_go(build, now);
        held.dispatcher.forget(build, now);
    }

    /// Learns how long a build took that ended before this coordinator was there.
    pub(crate) fn learn(&self, build: &Build) {
        if let Some(lasted) = build.lasted() {
            Arc::make_mut(&mut self.held().durations).note(build.spec.id.project(), lasted);
        }
    }

    /// Decides on at most `most` grants, on agents as their sessions stand now.
    pub(crate) fn round(&self, sessions: &Sessions, most: usize, now: Timestamp) -> Vec<Assignment> {
        let mut held = self.held();
        held.follow(sessions, now);
        held.dispatcher.round(most, now)
    }

    /// The builds the agent has.
    pub(crate) fn builds(&self, agent: &AgentId) -> Vec<BuildId> {
        self.held().by_agent.get(agent).map(|builds| builds.iter().cloned().collect()).unwrap_or_default()
    }

    /// Why the agent rests at this moment, if it does.
    pub(crate) fn rest(&self, agent: &AgentId, now: Timestamp) -> Option<String> {
        self.held().rest(agent, now).map(Trust::reason)
    }

    /// The builds the agent has, and what it has been given each for.
    pub(crate) fn stages(&self, agent: &AgentId) -> Vec<(BuildId, Stage)> {
        let held = self.held();
        let builds = held.by_agent.get(agent).into_iter().flatten();
        builds.filter_map(|build| Some((build.clone(), held.tenures.get(build)?.stage))).collect()
    }

    /// How many builds there are in each state in which an agent has them.
    pub(crate) fn count(&self) -> [(&'static str, u64); 3] {
        let held = self.held();
        let of = |stage| held.tenures.values().filter(|tenure| tenure.stage == stage).count() as u64;
        [("leased", of(Stage::Offered)), ("running", of(Stage::Running)), ("stopping", of(Stage::Stopping))]
    }

    /// The agents that have builds.
    pub(crate) fn holders(&self) -> Vec<AgentId> {
        self.held().by_agent.keys().cloned().collect()
    }

    /// The builds whose tenure is as wanted.
    pub(crate) fn filter(&self, wanted: impl Fn(&Tenure) -> bool) -> Vec<BuildId> {
        let held = self.held();
        held.tenures.iter().filter(|(_, tenure)| wanted(tenure)).map(|(build, _)| build.clone()).collect()
    }

    /// The builds in agents' hands, and the version known of each.
    pub(crate) fn versions(&self) -> HashMap<BuildId, u64> {
        self.held().tenures.iter().map(|(build, tenure)| (build.clone(), tenure.version)).collect()
    }

    /// When builds that name the fleet came lately.
    pub(crate) fn arrivals(&self, fleet: &FleetName, now: Timestamp) -> Vec<Timestamp> {
        let mut held = self.held();
        let Some(arrivals) = held.arrivals.get_mut(fleet) else { return Vec::new() };
        arrivals.retain(|at| now.since(*at) <= ANTICIPATION);
        arrivals.iter().copied().collect()
    }

    /// The agent will not come again.
    pub(crate) fn forget_agent(&self, agent: &AgentId) {
        let mut held = self.held();
        held.trust.remove(agent);
        held.rests.remove(agent);
        held.freed.remove(agent);
    }

    /// How many builds wait.
    pub(crate) fn depth(&self) -> usize {
        self.held().waiting.len()
    }

    /// The builds that wait.
    pub(crate) fn waiting(&self) -> HashSet<BuildId> {
        self.held().waiting.keys().cloned().collect()
    }

    /// Remembers an estimate, to compare it with what happens.
    pub(crate) fn estimated(&self, build: &BuildId, estimate: StartEstimate) {
        let mut held = self.held();
        if held.waiting.contains_key(build) {
            held.scores.note(build, estimate);
        }
    }
}

impl Held {
    /// Brings agents in line with their sessions, those that changed since the last time.
    pub(crate) fn follow(&mut self, sessions: &Sessions, now: Timestamp) {
        for (agent, session) in sessions.changed() {
            match session {
                Some(mut standing) => {
                    // A rest outlasts what an agent gets for a declined build.
                    if let (None | Some(Closed::Until(..)), Some(until)) = (&standing.closed, self.rest(&agent, now)) {
                        standing.closed = Some(Closed::Until(until, Trust::reason(until)));
                    }
                    self.dispatcher.connect(agent, standing, now);
                }
                None => {
                    self.dispatcher.disconnect(&agent);
                    self.freed.remove(&agent);
                }
            }
        }
    }

    fn rest(&self, agent: &AgentId, now: Timestamp) -> Option<Timestamp> {
        self.rests.get(agent).copied().filter(|until| *until > now)
    }

    /// What each agent has, and since when.
    pub(crate) fn by_agent(&self) -> HashMap<&AgentId, Vec<(&BuildId, Timestamp)>> {
        let mut builds: HashMap<&AgentId, Vec<(&BuildId, Timestamp)>> = HashMap::new();
        for hold in self.dispatcher.held() {
            builds.entry(hold.agent).or_default().push((hold.build, hold.since));
        }
        builds
    }

    /// When the agent last became free, if it has been busy since it connected.
    pub(crate) fn freed_at(&self, agent: &AgentId) -> Option<Timestamp> {
        self.freed.get(agent).copied()
    }
}
