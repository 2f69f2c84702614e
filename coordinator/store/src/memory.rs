//! The store in memory: the reference model, for tests, simulation and `buildyard run`. Forgets everything at its end.
//!
//! Every operation is one critical section, so all are atomic and in one order.

mod agents;
mod builds;
mod documents;
mod outbox;
mod queue;

use crate::document::{Document, DocumentKind};
use crate::roles::{AgentRecord, OutboxEntry};
use buildyard_model::{AgentId, BuildId, ProjectName, Timestamp};
use buildyard_scheduler::{Build, Effect, State};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// A store that forgets.
#[derive(Debug, Default)]
pub struct Memory {
    records: Mutex<Records>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Token {
    request_hash: String,
    build: BuildId,
    at: Timestamp,
}

#[derive(Debug, Default)]
struct Records {
    /// By order of submission.
    builds: BTreeMap<u64, Build>,
    /// A uuid belongs to one build, whatever its project.
    by_uuid: BTreeMap<Uuid, u64>,
    /// Places in the order are never used twice.
    last_sequence: u64,
    /// Of those that wait.
    queued: BTreeSet<u64>,
    /// Of those in an agent's hands.
    active: BTreeSet<u64>,
    /// The last number given in each project.
    numbers: HashMap<ProjectName, u64>,
    tokens: HashMap<String, Token>,
    agents: BTreeMap<AgentId, AgentRecord>,
    documents: BTreeMap<(DocumentKind, String), Document>,
    outbox: BTreeMap<u64, Effect>,
    /// Ids of outbox entries are never used twice.
    last_entry: u64,
}

impl Records {
    fn get(&self, id: &BuildId) -> Option<&Build> {
        self.builds.get(&self.sequence(id)?)
    }

    fn sequence(&self, id: &BuildId) -> Option<u64> {
        let sequence = *self.by_uuid.get(&id.uuid())?;
        self.builds.get(&sequence).filter(|build| build.spec.id == *id).map(|_| sequence)
    }

    /// Stores a build and keeps the queue in step with its state.
    fn put(&mut self, sequence: u64, build: Build) {
        self.queued.remove(&sequence);
        self.active.remove(&sequence);
        match build.state {
            State::Queued { .. } => _ = self.queued.insert(sequence),
            State::Leased { .. } | State::Running { .. } | State::Stopping { .. } => _ = self.active.insert(sequence),
            State::Finished { .. } => {}
        }
        self.builds.insert(sequence, build);
    }

    fn add_effects(&mut self, effects: &[Effect]) -> Vec<OutboxEntry> {
        let durable = effects.iter().filter(|effect| effect.durable());
        let entries: Vec<_> = (self.last_entry + 1..)
            .zip(durable)
            .map(|(id, effect)| OutboxEntry { id, effect: effect.clone() })
            .collect();
        for entry in &entries {
            self.outbox.insert(entry.id, entry.effect.clone());
            self.last_entry = entry.id;
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    async fn open() -> ((), Arc<dyn crate::Store>) {
        ((), Arc::new(Memory::new()))
    }

    crate::conformance::suite!(open);
}
