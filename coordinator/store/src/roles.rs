//! The roles in which the service sees the store: small traits, so that a caller's signature says what it can do.

use crate::document::{Change, Document, DocumentKind};
use async_trait::async_trait;
use buildyard_model::{AgentId, BuildId, Capacity, JobSpec, ProjectName, Timestamp, Withdrawal};
use buildyard_scheduler::placement::Candidate;
use buildyard_scheduler::{Build, Effect, Step};
use serde::{Deserialize, Serialize};

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else changed it meanwhile: read it again and decide again.
    #[error("{0} was changed by somebody else meanwhile")]
    Conflict(String),
    /// There is no such thing.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The same idempotency token was used for a different request within its 5 minutes.
    #[error("the idempotency token was used for a different request")]
    TokenMismatch,
    /// The project has as many builds that are not over as its limit allows.
    #[error("cannot have more than {limit} active builds for project {project}")]
    LimitReached { project: ProjectName, limit: u64 },
    /// The disk or the database failed. Nothing was stored.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The disk has no room. Nothing was stored; the same write works once there is some.
    #[error("the disk of {0} is full: nothing was stored; make room there and try again")]
    Full(String),
    /// Another process uses the same data.
    #[error("{0}")]
    InUse(String),
}

/// A build about to be made: everything but its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// `build_number` is overwritten by the store: per project, from 1, without gaps.
    pub spec: JobSpec,
    /// Token and a hash of the request it came with; valid for 5 minutes before `spec.submitted_at`.
    pub idempotency: Option<(String, String)>,
    /// The outbox entry that asked for the build (a retry): removed in the same transaction. When it is not there any
    /// more, somebody else has made the build: NotFound, and nothing is made.
    pub outbox_entry: Option<u64>,
    /// At most so many of the project's builds may be not over once this one is made, counting those whose repetition
    /// the outbox has promised: LimitReached otherwise, and nothing is made. Looked at in the transaction that makes
    /// the build, and not when the token gives one that is there.
    pub limit: Option<u64>,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub build: Build,
    /// Whether the idempotency token named a build that was there already.
    pub existed: bool,
}

/// Which builds to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListQuery {
    pub project: Option<ProjectName>,
    /// At most so many, newest first.
    pub limit: u32,
    /// Those behind (older than) this one; NotFound if it does not exist.
    pub after: Option<BuildId>,
}

/// In which order of submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    OldestFirst,
    #[default]
    NewestFirst,
}

/// Which builds' ids to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdQuery {
    pub project: Option<ProjectName>,
    pub order: Order,
    /// At most so many.
    pub limit: u32,
    /// Those behind this place, as an earlier answer gave it. It need not be a build's any more.
    pub after: Option<u64>,
}

/// Builds, whole.
#[async_trait]
pub trait Builds: Send + Sync {
    /// Makes a build in state Queued (by `Build::queued`), its queue entry and its number in one transaction. The time
    /// is `spec.submitted_at`. With a token that counts still, gives the build that is there as it stands.
    async fn create(&self, draft: Draft) -> Result<Created, Error>;
    async fn get(&self, id: &BuildId) -> Result<Option<Build>, Error>;
    /// Those of the builds that are there, each once, in one read and in no order.
    async fn get_many(&self, ids: &[BuildId]) -> Result<Vec<Build>, Error>;
    /// Replaces the build if its stored version is `step.build.version - 1`, keeps the queue in step with its state,
    /// and adds the durable effects to the outbox: all or nothing. Gives the outbox entries made.
    async fn commit(&self, step: &Step) -> Result<Vec<OutboxEntry>, Error>;
    async fn list(&self, query: &ListQuery) -> Result<Vec<Build>, Error>;
    /// Ids whose uuid begins with `prefix` (hex digits and '-'), within a project if given; at most `limit`, in the
    /// order of the uuids.
    async fn find(&self, project: Option<&ProjectName>, prefix: &str, limit: u32) -> Result<Vec<BuildId>, Error>;
    /// Ids with their places in the order of submission, which in a project is that of the build numbers.
    async fn ids(&self, query: &IdQuery) -> Result<Vec<(u64, BuildId)>, Error>;
    /// Forgets a finished build, adds the durable ones of `effects` to the outbox, both or neither, and says whether
    /// there was one; one that is not over stays. Its number is never used again.
    async fn remove(&self, id: &BuildId, effects: &[Effect]) -> Result<bool, Error>;
}

/// What waits and what is in an agent's hands.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Waiting builds with their places in the order of submission, those behind `after` (0: all) in that order; at most
    /// `limit`. Which of them goes first is not the store's to say.
    async fn waiting(&self, after: u64, limit: u32) -> Result<Vec<(u64, Candidate)>, Error>;
    /// Waiting builds whose queue time-out is over at `now`, the longest overdue first.
    async fn overdue(&self, now: Timestamp) -> Result<Vec<BuildId>, Error>;
    /// Every build that is Leased, Running or Stopping, in order of submission. One whose record is damaged is logged
    /// and left out.
    async fn active(&self) -> Result<Vec<Build>, Error>;
    /// How many wait.
    async fn depth(&self) -> Result<u64, Error>;
}

/// An agent as the coordinator remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRecord {
    pub name: AgentId,
    /// Lower-case hex SHA-256 of its credential.
    pub credential_sha256: String,
    pub version: String,
    pub capacity: Option<Capacity>,
    /// Whether a person asked it to take no builds.
    pub draining: bool,
    /// What that person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<Withdrawal>,
    pub enrolled_at: Timestamp,
    pub last_seen: Timestamp,
}

/// Agents.
#[async_trait]
pub trait Agents: Send + Sync {
    /// Adds the agent or replaces what was remembered of it.
    async fn put_agent(&self, agent: &AgentRecord) -> Result<(), Error>;
    async fn agent(&self, name: &AgentId) -> Result<Option<AgentRecord>, Error>;
    /// All, by name.
    async fn agents(&self) -> Result<Vec<AgentRecord>, Error>;
    /// Forgets the agent; no error when there is none.
    async fn remove_agent(&self, name: &AgentId) -> Result<(), Error>;
}

/// A durable effect that is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    pub id: u64,
    pub effect: Effect,
}

/// Effects that must survive a crash.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Oldest first, at most `limit`, those behind the entry `after`; 0 for the first ones. One that cannot be read is
    /// passed over.
    async fn pending(&self, after: u64, limit: u32) -> Result<Vec<OutboxEntry>, Error>;
    /// Removes the entry; no error when it is gone.
    async fn done(&self, id: u64) -> Result<(), Error>;
}

/// Named documents.
#[async_trait]
pub trait Documents: Send + Sync {
    async fn document(&self, kind: DocumentKind, key: &str) -> Result<Option<Document>, Error>;
    /// Those whose keys begin with `prefix` and come behind `after` (empty: all), by key in the order of its bytes; at
    /// most `limit`.
    async fn documents(
        &self,
        kind: DocumentKind,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Document>, Error>;
    /// Makes all changes in their order, or none: `Conflict` names the document that was not as expected.
    async fn change(&self, changes: &[Change]) -> Result<(), Error>;
}

/// Everything together.
pub trait Store: Builds + Queue + Agents + Outbox + Documents + std::fmt::Debug {}

impl<T: Builds + Queue + Agents + Outbox + Documents + std::fmt::Debug> Store for T {}
