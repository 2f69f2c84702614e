//! Changes of agents' records, each agent's one after the other: a record is read, changed and written whole, and no
//! change may be lost to another.

use buildyard_model::AgentId;
use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::sync::{Mutex, MutexGuard};

/// So many can be changed at once: agents that come together share the store's writes.
const LANES: usize = 256;

/// Whose turn it is.
#[derive(Debug)]
pub(crate) struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..LANES).map(|_| Mutex::default()).collect())
    }
}

impl Turns {
    /// Waits for the turn to change the agent's record; it lasts as long as the guard.
    pub(crate) async fn of(&self, agent: &AgentId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        agent.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        self.0[lane].lock().await
    }
}
