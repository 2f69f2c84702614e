//! What a fleet's task does to agents and their work: who is there, what waits, who takes no more builds. Every place
//! where fleets touch queue and sessions is here.

use super::view::{Present, Waiting};
use crate::load::Held;
use crate::{Error, Service};
use buildyard_model::{AgentId, BuildId, FleetName, Requirements, Resources};
use buildyard_scheduler::scaling::Ending;
use buildyard_scheduler::{Candidate, Event, State};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

impl Service {
    /// The builds that wait for agents of this fleet, in the queue's order.
    pub(crate) fn waiting_for(&self, fleet: &FleetName) -> Vec<Waiting> {
        let (candidates, durations) = {
            let held = self.inner.load.held();
            let queue = held.dispatcher.queue();
            (queue.order(queue.len()), Arc::clone(&held.durations))
        };
        let mut passed = HashMap::<FleetName, u32>::new();
        let ours = candidates.into_iter().filter(|one| self.waits_for(fleet, &one.requirements, &mut passed));
        ours.map(|Candidate { build, since, requirements, .. }| {
            let expected = durations.percentile(build.project(), 50);
            Waiting { since, requirements, expected }
        })
        .collect()
    }

    /// How many builds the agent has and what they use together; what is just being granted counts.
    pub(crate) fn in_hands(&self, agent: &AgentId) -> (u32, Resources) {
        self.inner.load.held().dispatcher.load(agent)
    }

    /// Whether a build counts for this fleet: its own, builds of none for the on-demand one, and for that also those
    /// that may overflow from a fleet which has no room for them.
    fn waits_for(&self, fleet: &FleetName, wanted: &Requirements, passed: &mut HashMap<FleetName, u32>) -> bool {
        let on_demand = *fleet == FleetName::on_demand();
        let Some(named) = &wanted.fleet else { return on_demand };
        if named == fleet || !on_demand || !wanted.overflow {
            return named == fleet;
        }
        let Some(glimpse) = self.inner.fleets.look(named) else { return false };
        let is_at_its_most =
            glimpse.standing.as_ref().is_some_and(|standing| standing.running + standing.pending >= standing.max);
        let before = passed.entry(named.clone()).or_default();
        *before += 1;
        is_at_its_most && *before > glimpse.next_in.map_or(0, |_| glimpse.slots)
    }

    /// The connected agents of a fleet.
    pub(crate) fn present_in(&self, fleet: &FleetName) -> Vec<Present> {
        let all = self.inner.sessions.all();
        let of_fleet: Vec<_> =
            all.iter().filter(|(_, session)| session.capacity.fleet.as_ref() == Some(fleet)).collect();
        let names: HashSet<&AgentId> = of_fleet.iter().map(|(agent, _)| agent).collect();
        let held = self.inner.load.held();
        let mut endings = endings(&held, &names);
        let present = of_fleet.into_iter().map(|(agent, session)| {
            let (builds, used) = held.dispatcher.load(agent);
            Present {
                agent: agent.clone(),
                capacity: session.capacity.clone(),
                builds,
                used,
                endings: endings.remove(agent).unwrap_or_default(),
                freed_at: held.freed_at(agent),
                cordoned: session.draining || session.unhealthy.is_some(),
            }
        });
        present.collect()
    }

    /// From the return of this on the agent is given no builds (or is again), whatever is being decided meanwhile.
    pub(crate) async fn set_retiring(&self, agent: &AgentId, retiring: bool) {
        // Whoever grants holds this, from looking at the agents to the last commit.
        let _no_grants = self.inner.granting.lock().await;
        self.inner.sessions.update(agent, |session| session.retiring = retiring);
        if !retiring {
            self.inner.match_bell.notify_one();
        }
    }

    /// Takes back the builds that the agent was offered and has not accepted (F68). Says how many. One that cannot be
    /// taken back now holds up nothing: it is tried again by a later round, and its offer has a time of its own.
    pub(crate) async fn take_offers_back(&self, agent: &AgentId, reason: &str) -> u32 {
        let mut taken = 0;
        for id in self.inner.load.builds(agent) {
            match self.take_offer_back(agent, &id, reason).await {
                Ok(is_taken) => taken += u32::from(is_taken),
                Err(error) => {
                    tracing::error!(agent.id = %agent, build.id = %id, %error, "an offer cannot be taken back");
                }
            }
        }
        taken
    }

    async fn take_offer_back(&self, agent: &AgentId, id: &BuildId, reason: &str) -> Result<bool, Error> {
        let build = self.load(id).await?;
        let State::Leased { lease, .. } = &build.state else { return Ok(false) };
        if lease.agent != *agent {
            return Ok(false);
        }
        let event = Event::Withdraw { token: lease.token.clone(), reason: reason.to_owned() };
        Ok(matches!(self.apply(id, event).await?, crate::commit::Applied::Done(_)))
    }

    /// How many builds the agent has, by what is stored: no memory is trusted where an instance is to end.
    pub(crate) async fn stored_builds(&self, agent: &AgentId) -> Result<u32, Error> {
        let held = |build: &&buildyard_scheduler::Build| match &build.state {
            State::Leased { lease, .. } | State::Running { lease, .. } | State::Stopping { lease, .. } => {
                lease.agent == *agent
            }
            State::Queued { .. } | State::Finished { .. } => false,
        };
        let count = self.store().active().await?.iter().filter(held).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Whether any build of the fleet waits or runs.
    pub(crate) async fn has_builds(&self, fleet: &FleetName) -> Result<bool, Error> {
        if !self.waiting_for(fleet).is_empty() {
            return Ok(true);
        }
        Ok(self.store().active().await?.iter().any(|build| build.spec.fleet().as_ref() == Some(fleet)))
    }
}

/// When the agents' builds are expected to end, by recent ones of their projects.
fn endings<'a>(held: &'a Held, agents: &HashSet<&AgentId>) -> HashMap<&'a AgentId, Vec<Ending>> {
    let mut endings: HashMap<&AgentId, Vec<Ending>> = HashMap::new();
    for hold in held.dispatcher.held().filter(|hold| agents.contains(hold.agent)) {
        if let Some(takes) = held.durations.percentile(hold.build.project(), 50) {
            let ending = Ending { at: hold.since.plus(takes), resources: hold.resources };
            endings.entry(hold.agent).or_default().push(ending);
        }
    }
    endings
}
