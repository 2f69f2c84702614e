//! A store in which some builds cannot be read, that takes its time, and that counts how often the whole of what is
//! active is read.

use async_trait::async_trait;
use buildyard_model::{AgentId, BuildId, ProjectName, Timestamp};
use buildyard_scheduler::{Build, Candidate, Effect, Step};
use buildyard_store::{
    AgentRecord, Agents, Builds, Change, Created, Document, DocumentKind, Documents, Draft, Error, IdQuery, ListQuery,
    Memory, Outbox, OutboxEntry, Queue,
};
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Flawed {
    pub(crate) sound: Memory,
    damaged: Mutex<HashSet<BuildId>>,
    pub(crate) whole_reads: AtomicUsize,
    /// How many milliseconds it takes to read what is active.
    pub(crate) whole_read_ms: AtomicU64,
}

impl Flawed {
    pub(crate) fn damage(&self, build: &BuildId) {
        self.damaged.lock().unwrap().insert(build.clone());
    }
}

#[async_trait]
impl Builds for Flawed {
    async fn create(&self, draft: Draft) -> Result<Created, Error> {
        self.sound.create(draft).await
    }

    async fn get(&self, id: &BuildId) -> Result<Option<Build>, Error> {
        if self.damaged.lock().unwrap().contains(id) {
            return Err(Error::Failed("the stored build cannot be read".to_owned()));
        }
        self.sound.get(id).await
    }

    async fn commit(&self, step: &Step) -> Result<Vec<OutboxEntry>, Error> {
        self.sound.commit(step).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<Build>, Error> {
        self.sound.list(query).await
    }

    async fn get_many(&self, ids: &[BuildId]) -> Result<Vec<Build>, Error> {
        if ids.iter().any(|id| self.damaged.lock().unwrap().contains(id)) {
            return Err(Error::Failed("a stored build cannot be read".to_owned()));
        }
        self.sound.get_many(ids).await
    }

    async fn ids(&self, query: &IdQuery) -> Result<Vec<(u64, BuildId)>, Error> {
        self.sound.ids(query).await
    }

    async fn remove(&self, id: &BuildId, effects: &[Effect]) -> Result<bool, Error> {
        self.sound.remove(id, effects).await
    }

    async fn find(&self, project: Option<&ProjectName>, prefix: &str, limit: u32) -> Result<Vec<BuildId>, Error> {
        self.sound.find(project, prefix, limit).await
    }
}

#[async_trait]
impl Queue for Flawed {
    async fn waiting(&self, after: u64, limit: u32) -> Result<Vec<(u64, Candidate)>, Error> {
        self.sound.waiting(after, limit).await
    }

    async fn overdue(&self, now: Timestamp) -> Result<Vec<BuildId>, Error> {
        self.sound.overdue(now).await
    }

    async fn active(&self) -> Result<Vec<Build>, Error> {
        self.whole_reads.fetch_add(1, Ordering::SeqCst);
        let active = self.sound.active().await;
        tokio::time::sleep(Duration::from_millis(self.whole_read_ms.load(Ordering::SeqCst))).await;
        active
    }

    async fn depth(&self) -> Result<u64, Error> {
        self.sound.depth().await
    }
}

#[async_trait]
impl Agents for Flawed {
    async fn put_agent(&self, agent: &AgentRecord) -> Result<(), Error> {
        self.sound.put_agent(agent).await
    }

    async fn agent(&self, name: &AgentId) -> Result<Option<AgentRecord>, Error> {
        self.sound.agent(name).await
    }

    async fn agents(&self) -> Result<Vec<AgentRecord>, Error> {
        self.sound.agents().await
    }

    async fn remove_agent(&self, name: &AgentId) -> Result<(), Error> {
        self.sound.remove_agent(name).await
    }
}

#[async_trait]
impl Outbox for Flawed {
    async fn pending(&self, after: u64, limit: u32) -> Result<Vec<OutboxEntry>, Error> {
        self.sound.pending(after, limit).await
    }

    async fn done(&self, id: u64) -> Result<(), Error> {
        self.sound.done(id).await
    }
}

#[async_trait]
impl Documents for Flawed {
    async fn document(&self, kind: DocumentKind, key: &str) -> Result<Option<Document>, Error> {
        self.sound.document(kind, key).await
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Document>, Error> {
        self.sound.documents(kind, prefix, after, limit).await
    }

    async fn change(&self, changes: &[Change]) -> Result<(), Error> {
        // As on a disk, others go on meanwhile.
        tokio::task::yield_now().await;
        self.sound.change(changes).await
    }
}
