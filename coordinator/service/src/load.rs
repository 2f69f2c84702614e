//! What each agent has in its hands, derived from every committed step, so that the matcher need not read the store.

use buildyard_model::{AgentId, BuildId, Resources};
use buildyard_scheduler::{Build, State};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Held {
    by_agent: HashMap<AgentId, BTreeMap<BuildId, Resources>>,
    holder: HashMap<BuildId, AgentId>,
}

/// Builds in agents' hands.
#[derive(Debug, Default)]
pub(crate) struct Loads(Mutex<Held>);

impl Loads {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a build's committed state.
    pub(crate) fn note(&self, build: &Build) {
        let id = &build.spec.id;
        let mut held = self.held();
        if let Some(agent) = held.holder.remove(id)
            && let Some(builds) = held.by_agent.get_mut(&agent)
        {
            builds.remove(id);
        }
        if let State::Leased { lease, .. } | State::Running { lease, .. } | State::Stopping { lease, .. } = &build.state
        {
            held.holder.insert(id.clone(), lease.agent.clone());
            held.by_agent
                .entry(lease.agent.clone())
                .or_default()
                .insert(id.clone(), build.spec.environment.resources());
        }
    }

    /// How many builds the agent has and what they use together.
    pub(crate) fn of(&self, agent: &AgentId) -> (u32, Resources) {
        let held = self.held();
        let builds = held.by_agent.get(agent);
        let used =
            builds.into_iter().flat_map(BTreeMap::values).fold(Resources { vcpu: 0, memory_mib: 0 }, |sum, one| {
                Resources { vcpu: sum.vcpu + one.vcpu, memory_mib: sum.memory_mib + one.memory_mib }
            });
        (builds.map_or(0, |builds| u32::try_from(builds.len()).unwrap_or(u32::MAX)), used)
    }

    /// The builds the agent has.
    pub(crate) fn builds(&self, agent: &AgentId) -> Vec<BuildId> {
        self.held().by_agent.get(agent).map(|builds| builds.keys().cloned().collect()).unwrap_or_default()
    }
}
