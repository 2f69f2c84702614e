//! What each agent has in its hands, derived from every committed step, so that neither the matcher nor who looks
//! after leases need read the store.

use crate::tenure::{Stage, Tenure};
use buildyard_model::{AgentId, BuildId, Resources};
use buildyard_scheduler::Build;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Held {
    tenures: HashMap<BuildId, Tenure>,
    by_agent: HashMap<AgentId, BTreeSet<BuildId>>,
}

impl Held {
    fn remove(&mut self, id: &BuildId) {
        let Some(tenure) = self.tenures.remove(id) else { return };
        if let Some(builds) = self.by_agent.get_mut(&tenure.agent) {
            builds.remove(id);
            if builds.is_empty() {
                self.by_agent.remove(&tenure.agent);
            }
        }
    }
}

/// Builds in agents' hands.
#[derive(Debug, Default)]
pub(crate) struct Loads(Mutex<Held>);

impl Loads {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a build's committed state. An older state than the one known changes nothing: two who commit one
    /// after the other may get here the other way round.
    pub(crate) fn note(&self, build: &Build) {
        let id = &build.spec.id;
        let mut held = self.held();
        if held.tenures.get(id).is_some_and(|known| known.version > build.version) {
            return;
        }
        held.remove(id);
        if let Some(tenure) = Tenure::of(build) {
            held.by_agent.entry(tenure.agent.clone()).or_default().insert(id.clone());
            held.tenures.insert(id.clone(), tenure);
        }
    }

    /// Forgets a build that is not there any more.
    pub(crate) fn forget(&self, build: &BuildId) {
        self.held().remove(build);
    }

    /// How many builds the agent has and what they use together.
    pub(crate) fn of(&self, agent: &AgentId) -> (u32, Resources) {
        let held = self.held();
        let builds = held.by_agent.get(agent);
        let tenures = builds.into_iter().flatten().filter_map(|build| held.tenures.get(build));
        let used = tenures.fold(Resources { vcpu: 0, memory_mib: 0 }, |sum, one| Resources {
            vcpu: sum.vcpu + one.resources.vcpu,
            memory_mib: sum.memory_mib + one.resources.memory_mib,
        });
        (builds.map_or(0, |builds| u32::try_from(builds.len()).unwrap_or(u32::MAX)), used)
    }

    /// The builds the agent has.
    pub(crate) fn builds(&self, agent: &AgentId) -> Vec<BuildId> {
        self.held().by_agent.get(agent).map(|builds| builds.iter().cloned().collect()).unwrap_or_default()
    }

    /// The builds the agent has, and what it has been given each for.
    pub(crate) fn stages(&self, agent: &AgentId) -> Vec<(BuildId, Stage)> {
        let held = self.held();
        let builds = held.by_agent.get(agent).into_iter().flatten();
        builds.filter_map(|build| Some((build.clone(), held.tenures.get(build)?.stage))).collect()
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

    /// The builds known, and the version known of each.
    pub(crate) fn versions(&self) -> HashMap<BuildId, u64> {
        self.held().tenures.iter().map(|(build, tenure)| (build.clone(), tenure.version)).collect()
    }
}
