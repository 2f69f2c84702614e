//! The queue in SQLite: a narrow table beside the builds, kept in step by the writes that change them.

use super::Sqlite;
use super::column::{build, build_id, count, document, integer};
use super::failure::{failed, unreadable};
use crate::roles::{Error, Queue};
use async_trait::async_trait;
use buildyard_model::{BuildId, Timestamp};
use buildyard_scheduler::{Build, Candidate};
use sqlx::SqliteConnection;

const PUT: &str = "INSERT OR REPLACE INTO queue (sequence, id, priority, since, deadline, requirements)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const TAKE: &str = "DELETE FROM queue WHERE sequence IN (SELECT value FROM json_each(?1))";
pub(super) const WAITING: &str = "SELECT queue.sequence, queue.id, priority, since, number, requirements
    FROM queue JOIN build USING (sequence) WHERE queue.sequence > ?1 ORDER BY queue.sequence LIMIT ?2";
pub(super) const OVERDUE: &str = "SELECT id FROM queue WHERE deadline <= ?1 ORDER BY deadline, sequence";
pub(super) const ACTIVE: &str = "SELECT id, number, document FROM build
    WHERE state IN ('leased', 'running', 'stopping') ORDER BY sequence";
const DEPTH: &str = "SELECT count(*) FROM queue";

/// A waiting build as a row.
#[derive(Debug)]
pub(super) struct QueueRow {
    id: String,
    pub(super) priority: i32,
    pub(super) since: Timestamp,
    pub(super) deadline: Timestamp,
    pub(super) requirements: String,
}

impl QueueRow {
    /// The build's row; none unless it waits.
    pub(super) fn of(build: &Build) -> Result<Option<Self>, Error> {
        let (Some(candidate), Some(deadline)) = (build.candidate(), build.queue_deadline()) else { return Ok(None) };
        Ok(Some(Self {
            id: candidate.build.to_string(),
            priority: candidate.priority,
            since: candidate.since,
            deadline,
            requirements: document(&candidate.requirements)?,
        }))
    }
}

pub(super) async fn put(db: &mut SqliteConnection, sequence: i64, row: &QueueRow) -> Result<(), sqlx::Error> {
    let insert = sqlx::query(PUT).bind(sequence).bind(&row.id).bind(row.priority).bind(row.since.0);
    insert.bind(row.deadline.0).bind(&row.requirements).execute(db).await.map(|_| ())
}

/// Takes those out whose places the array names.
pub(super) async fn take(db: &mut SqliteConnection, places: &str) -> Result<(), sqlx::Error> {
    sqlx::query(TAKE).bind(places).execute(db).await.map(|_| ())
}

/// As [`WAITING`] selects it.
type Row = (i64, String, i32, i64, i64, String);

/// One damaged row may not keep all others from being given out.
fn readable_candidate(row: Row) -> Option<(u64, Candidate)> {
    let id = row.1.clone();
    candidate(row)
        .inspect_err(
            |error| tracing::error!(build.id = %id, %error, "a waiting build cannot be read and is passed over"),
        )
        .ok()
}

fn candidate(row: Row) -> Result<(u64, Candidate), Error> {
    let (place, build, priority, since, number, requirements) = row;
    let requirements = serde_json::from_str(&requirements).map_err(|error| unreadable("requirements", &error))?;
    let (since, sequence) = (Timestamp(since), count(number));
    Ok((count(place), Candidate { build: build_id(&build)?, priority, since, sequence, requirements }))
}

fn readable((id, number, document): (String, i64, String)) -> Option<Build> {
    build((number, document))
        .inspect_err(
            |error| tracing::error!(build.id = %id, %error, "an active build cannot be read and is passed over"),
        )
        .ok()
}

#[async_trait]
impl Queue for Sqlite {
    async fn waiting(&self, after: u64, limit: u32) -> Result<Vec<(u64, Candidate)>, Error> {
        let mut after = integer(after);
        loop {
            let select = sqlx::query_as(WAITING).bind(after).bind(limit).fetch_all(&self.readers);
            let rows: Vec<Row> = select.await.map_err(|e| failed(&e))?;
            let Some(last) = rows.last() else { return Ok(Vec::new()) };
            after = last.0;
            let waiting: Vec<_> = rows.into_iter().filter_map(readable_candidate).collect();
            // A page of nothing but damaged rows is not the end.
            if !waiting.is_empty() {
                return Ok(waiting);
            }
        }
    }

    async fn overdue(&self, now: Timestamp) -> Result<Vec<BuildId>, Error> {
        let select = sqlx::query_scalar(OVERDUE).bind(now.0).fetch_all(&self.readers);
        let ids: Vec<String> = select.await.map_err(|e| failed(&e))?;
        let readable = |id: &String| {
            build_id(id).inspect_err(|error| tracing::error!(id, %error, "an overdue build is passed over")).ok()
        };
        Ok(ids.iter().filter_map(readable).collect())
    }

    async fn active(&self) -> Result<Vec<Build>, Error> {
        let rows = sqlx::query_as(ACTIVE).fetch_all(&self.readers).await.map_err(|e| failed(&e))?;
        // One damaged record may not keep the coordinator from looking after all others.
        Ok(rows.into_iter().filter_map(readable).collect())
    }

    async fn depth(&self) -> Result<u64, Error> {
        sqlx::query_scalar(DEPTH).fetch_one(&self.readers).await.map(count).map_err(|e| failed(&e))
    }
}
