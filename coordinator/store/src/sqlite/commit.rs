//! Commits a step: the build by optimistic version, its queue entry, its durable effects, all or nothing.

use super::batch;
use super::column::{document, integer};
use super::failure::failed;
use super::queue::QueueRow;
use super::write::Write;
use crate::roles::{Error, OutboxEntry};
use async_trait::async_trait;
use buildyard_model::BuildId;
use buildyard_scheduler::{Effect, Step};
use sqlx::SqliteConnection;

const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM build WHERE id = ?1)";

/// A step about to be stored, its documents written already.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) id: BuildId,
    pub(super) state: &'static str,
    pub(super) agent: Option<String>,
    pub(super) version: i64,
    pub(super) document: String,
    /// Absent when the build does not wait.
    pub(super) queue: Option<QueueRow>,
    /// Durable ones with their documents.
    pub(super) effects: Vec<(Effect, String)>,
}

impl Commit {
    pub(super) fn new(step: &Step) -> Result<Self, Error> {
        let build = &step.build;
        let durable = step.effects.iter().filter(|effect| effect.durable());
        Ok(Self {
            id: build.spec.id.clone(),
            state: build.state.name(),
            agent: build.agent.as_ref().map(ToString::to_string),
            version: integer(build.version),
            document: document(build)?,
            queue: QueueRow::of(build)?,
            effects: durable.map(|effect| Ok((effect.clone(), document(effect)?))).collect::<Result<_, Error>>()?,
        })
    }

    /// Why there was nothing to update.
    async fn refusal(&self, db: &mut SqliteConnection) -> Error {
        match sqlx::query_scalar(EXISTS).bind(self.id.to_string()).fetch_one(db).await {
            Ok(true) => Error::Conflict(format!("build {}", self.id)),
            Ok(false) => Error::NotFound(format!("build {}", self.id)),
            Err(error) => failed(&error),
        }
    }
}

#[async_trait]
impl Write for Commit {
    type Output = Vec<OutboxEntry>;

    async fn run(&self, db: &mut SqliteConnection) -> Result<Self::Output, Error> {
        match batch::run(db, &[self]).await? {
            Some(entries) => Ok(entries.into_iter().flatten().collect()),
            None => Err(self.refusal(db).await),
        }
    }
}
