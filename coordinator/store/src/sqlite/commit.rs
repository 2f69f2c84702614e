//! Commits a step: the build by optimistic version, its queue entry, its durable effects, all or nothing.

use super::column::{count, document, integer};
use super::failure::failed;
use super::queue::{self, QueueRow};
use super::write::Write;
use crate::roles::{Error, OutboxEntry};
use async_trait::async_trait;
use buildyard_model::BuildId;
use buildyard_scheduler::{Effect, Step};
use sqlx::SqliteConnection;

const UPDATE: &str = "UPDATE build SET state = ?1, agent = ?2, version = ?3, document = ?4
    WHERE id = ?5 AND version = ?3 - 1 RETURNING sequence";
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM build WHERE id = ?1)";
const ADD_EFFECT: &str = "INSERT INTO outbox (effect) VALUES (?1) RETURNING id";

/// A step about to be stored, its documents written already.
#[derive(Debug)]
pub(super) struct Commit {
    id: BuildId,
    state: &'static str,
    agent: Option<String>,
    version: i64,
    document: String,
    /// Absent when the build does not wait.
    queue: Option<QueueRow>,
    /// Durable ones with their documents.
    effects: Vec<(Effect, String)>,
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

    async fn update(&self, db: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar(UPDATE)
            .bind(self.state)
            .bind(&self.agent)
            .bind(self.version)
            .bind(&self.document)
            .bind(self.id.to_string())
            .fetch_optional(db)
            .await
    }

    /// Why there was nothing to update.
    async fn refusal(&self, db: &mut SqliteConnection) -> Error {
        match sqlx::query_scalar(EXISTS).bind(self.id.to_string()).fetch_one(db).await {
            Ok(true) => Error::Conflict(format!("build {}", self.id)),
            Ok(false) => Error::NotFound(format!("build {}", self.id)),
            Err(error) => failed(&error),
        }
    }

    async fn follow(&self, db: &mut SqliteConnection, sequence: i64) -> Result<Vec<OutboxEntry>, sqlx::Error> {
        match &self.queue {
            Some(row) => queue::put(db, sequence, row).await?,
            None => queue::take(db, sequence).await?,
        }
        let mut entries = Vec::with_capacity(self.effects.len());
        for (effect, document) in &self.effects {
            let id: i64 = sqlx::query_scalar(ADD_EFFECT).bind(document).fetch_one(&mut *db).await?;
            entries.push(OutboxEntry { id: count(id), effect: effect.clone() });
        }
        Ok(entries)
    }
}

#[async_trait]
impl Write for Commit {
    type Output = Vec<OutboxEntry>;

    async fn run(&self, db: &mut SqliteConnection) -> Result<Self::Output, Error> {
        match self.update(db).await.map_err(|e| failed(&e))? {
            Some(sequence) => self.follow(db, sequence).await.map_err(|e| failed(&e)),
            None => Err(self.refusal(db).await),
        }
    }
}
