//! Builds in SQLite: writes are handed to the writer, reads go to the readers.

use super::Sqlite;
use super::column::{build, build_id, count, document, integer};
use super::commit::Commit;
use super::create::Create;
use super::failure::failed;
use super::remove::Remove;
use crate::roles::{Builds, Created, Draft, Error, IdQuery, ListQuery, Order, OutboxEntry};
use async_trait::async_trait;
use buildyard_model::{BuildId, ProjectName};
use buildyard_scheduler::{Build, Effect, Step};

const GET: &str = "SELECT number, document FROM build WHERE id = ?1";
/// One statement whatever their number.
pub(super) const GET_MANY: &str = "SELECT number, document FROM build WHERE id IN (SELECT value FROM json_each(?1))";
const PLACE: &str = "SELECT sequence FROM build WHERE id = ?1";
pub(super) const LIST: &str = "SELECT number, document FROM build WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2";
pub(super) const LIST_PROJECT: &str = "SELECT number, document FROM build WHERE project = ?3 AND sequence < ?1
    ORDER BY sequence DESC LIMIT ?2";
pub(super) const FIND: &str = "SELECT id FROM build WHERE uuid >= ?1 AND uuid < ?2 AND (?3 IS NULL OR project = ?3)
    ORDER BY uuid LIMIT ?4";
pub(super) const IDS: &str = "SELECT sequence, id FROM build WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2";
pub(super) const IDS_UP: &str = "SELECT sequence, id FROM build WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
pub(super) const IDS_PROJECT: &str = "SELECT sequence, id FROM build WHERE project = ?3 AND sequence < ?1
    ORDER BY sequence DESC LIMIT ?2";
pub(super) const IDS_PROJECT_UP: &str = "SELECT sequence, id FROM build WHERE project = ?3 AND sequence > ?1
    ORDER BY sequence LIMIT ?2";
/// Sorts behind every character of a uuid.
const BEHIND_HEX: char = 'g';

#[async_trait]
impl Builds for Sqlite {
    async fn create(&self, draft: Draft) -> Result<Created, Error> {
        self.write(Create::new(draft)?).await
    }

    async fn get(&self, id: &BuildId) -> Result<Option<Build>, Error> {
        let row = sqlx::query_as(GET).bind(id.to_string()).fetch_optional(&self.readers).await;
        row.map_err(|e| failed(&e))?.map(build).transpose()
    }

    async fn get_many(&self, ids: &[BuildId]) -> Result<Vec<Build>, Error> {
        let select = sqlx::query_as(GET_MANY).bind(document(&ids)?).fetch_all(&self.readers);
        select.await.map_err(|e| failed(&e))?.into_iter().map(build).collect()
    }

    async fn commit(&self, step: &Step) -> Result<Vec<OutboxEntry>, Error> {
        self.write_commit(Commit::new(step)?).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<Build>, Error> {
        let before = match &query.after {
            Some(id) => self.place(id).await?,
            None => i64::MAX,
        };
        let sql = if query.project.is_some() { LIST_PROJECT } else { LIST };
        let mut select = sqlx::query_as(sql).bind(before).bind(query.limit);
        if let Some(project) = &query.project {
            select = select.bind(project.as_str());
        }
        let rows = select.fetch_all(&self.readers).await.map_err(|e| failed(&e))?;
        rows.into_iter().map(build).collect()
    }

    async fn find(&self, project: Option<&ProjectName>, prefix: &str, limit: u32) -> Result<Vec<BuildId>, Error> {
        let from = prefix.to_ascii_lowercase();
        if !from.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
            return Ok(Vec::new());
        }
        let until = format!("{from}{BEHIND_HEX}");
        let select = sqlx::query_scalar(FIND).bind(from).bind(until).bind(project.map(ProjectName::as_str)).bind(limit);
        let ids: Vec<String> = select.fetch_all(&self.readers).await.map_err(|e| failed(&e))?;
        ids.iter().map(|id| build_id(id)).collect()
    }

    async fn ids(&self, query: &IdQuery) -> Result<Vec<(u64, BuildId)>, Error> {
        let (sql, from) = match (query.order, query.project.is_some()) {
            (Order::NewestFirst, false) => (IDS, i64::MAX),
            (Order::NewestFirst, true) => (IDS_PROJECT, i64::MAX),
            (Order::OldestFirst, false) => (IDS_UP, 0),
            (Order::OldestFirst, true) => (IDS_PROJECT_UP, 0),
        };
        let mut select = sqlx::query_as(sql).bind(query.after.map_or(from, integer)).bind(query.limit);
        if let Some(project) = &query.project {
            select = select.bind(project.as_str());
        }
        let rows: Vec<(i64, String)> = select.fetch_all(&self.readers).await.map_err(|e| failed(&e))?;
        rows.iter().map(|(sequence, id)| Ok((count(*sequence), build_id(id)?))).collect()
    }

    async fn remove(&self, id: &BuildId, effects: &[Effect]) -> Result<bool, Error> {
        self.write(Remove::new(id, effects)?).await
    }
}

impl Sqlite {
    async fn place(&self, id: &BuildId) -> Result<i64, Error> {
        let place = sqlx::query_scalar(PLACE).bind(id.to_string()).fetch_optional(&self.readers).await;
        place.map_err(|e| failed(&e))?.ok_or_else(|| Error::NotFound(format!("build {id}")))
    }
}
