//! Agents in SQLite: a document for each name.

use super::Sqlite;
use super::column::document;
use super::failure::{failed, unreadable};
use super::write::Write;
use crate::roles::{AgentRecord, Agents, Error};
use async_trait::async_trait;
use buildyard_model::AgentId;
use sqlx::SqliteConnection;

const PUT: &str = "INSERT INTO agent (name, document) VALUES (?1, ?2)
    ON CONFLICT (name) DO UPDATE SET document = excluded.document";
const REMOVE: &str = "DELETE FROM agent WHERE name = ?1";
const GET: &str = "SELECT document FROM agent WHERE name = ?1";
const ALL: &str = "SELECT document FROM agent ORDER BY name";

#[derive(Debug)]
struct Put {
    name: AgentId,
    document: String,
}

#[async_trait]
impl Write for Put {
    type Output = ();

    async fn run(&self, db: &mut SqliteConnection) -> Result<(), Error> {
        let put = sqlx::query(PUT).bind(self.name.as_str()).bind(&self.document).execute(db).await;
        put.map(|_| ()).map_err(|e| failed(&e))
    }
}

#[derive(Debug)]
struct Remove(AgentId);

#[async_trait]
impl Write for Remove {
    type Output = ();

    async fn run(&self, db: &mut SqliteConnection) -> Result<(), Error> {
        sqlx::query(REMOVE).bind(self.0.as_str()).execute(db).await.map(|_| ()).map_err(|e| failed(&e))
    }
}

fn record(document: &str) -> Result<AgentRecord, Error> {
    serde_json::from_str(document).map_err(|error| unreadable("agent", &error))
}

#[async_trait]
impl Agents for Sqlite {
    async fn put_agent(&self, agent: &AgentRecord) -> Result<(), Error> {
        self.write(Put { name: agent.name.clone(), document: document(agent)? }).await
    }

    async fn agent(&self, name: &AgentId) -> Result<Option<AgentRecord>, Error> {
        let select = sqlx::query_scalar(GET).bind(name.as_str()).fetch_optional(&self.readers);
        let found: Option<String> = select.await.map_err(|e| failed(&e))?;
        found.as_deref().map(record).transpose()
    }

    async fn agents(&self) -> Result<Vec<AgentRecord>, Error> {
        let all: Vec<String> = sqlx::query_scalar(ALL).fetch_all(&self.readers).await.map_err(|e| failed(&e))?;
        all.iter().map(|document| record(document)).collect()
    }

    async fn remove_agent(&self, name: &AgentId) -> Result<(), Error> {
        self.write(Remove(name.clone())).await
    }
}
