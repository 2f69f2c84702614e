//! Makes a build: number, record, queue entry, token and the end of the outbox entry that asked for it, all or nothing.

use super::column::{build, count, document, integer};
use super::failure::failed;
use super::queue::QueueRow;
use super::write::Write;
use crate::idempotency::{forgotten_until, same_request};
use crate::roles::{Created, Draft, Error};
use async_trait::async_trait;
use buildyard_scheduler::Build;
use sqlx::SqliteConnection;

/// Number, record and queue entry together: each way to the database and back costs more than the statement.
const MAKE: &str = "INSERT INTO numbering (project, last) VALUES (?3, 1)
        ON CONFLICT (project) DO UPDATE SET last = last + 1;
    INSERT INTO build (id, uuid, project, number, state, submitted_at, version, document)
        VALUES (?1, ?2, ?3, (SELECT last FROM numbering WHERE project = ?3), ?4, ?5, ?6, ?7);
    INSERT INTO queue (sequence, id, priority, since, deadline, requirements)
        VALUES (last_insert_rowid(), ?1, ?8, ?9, ?10, ?11)
        RETURNING (SELECT number FROM build WHERE id = ?1)";
const FORGET_TOKENS: &str = "DELETE FROM idempotency WHERE at <= ?1";
const FIND_TOKEN: &str = "SELECT request_hash, number, document FROM idempotency
    JOIN build ON build.id = idempotency.build WHERE token = ?1";
const KEEP_TOKEN: &str = "INSERT INTO idempotency (token, request_hash, build, at) VALUES (?1, ?2, ?3, ?4)";
/// Builds that wait or run, and those that the outbox has promised.
const CLAIMED: &str = "SELECT (SELECT count(*) FROM build WHERE project = ?1 AND state <> 'finished')
    + (SELECT count(*) FROM outbox WHERE json_extract(effect, '$.effect') = 'retry'
        AND substr(json_extract(effect, '$.of'), 1, length(?1) + 1) = ?1 || ':')";
const TAKE_ENTRY: &str = "DELETE FROM outbox WHERE id = ?1";

/// A build about to be stored, its documents written already.
#[derive(Debug)]
pub(super) struct Create {
    build: Build,
    document: String,
    queue: QueueRow,
    idempotency: Option<(String, String)>,
    outbox_entry: Option<u64>,
    limit: Option<u64>,
}

impl Create {
    pub(super) fn new(draft: Draft) -> Result<Self, Error> {
        let Draft { spec, idempotency, outbox_entry, limit } = draft;
        let submitted_at = spec.submitted_at;
        let build = Build::queued(spec, submitted_at);
        let queue = QueueRow::of(&build)?.ok_or_else(|| Error::Failed("a new build does not wait".to_owned()))?;
        Ok(Self { document: document(&build)?, build, queue, idempotency, outbox_entry, limit })
    }

    /// The build that the token made earlier, if it counts still.
    async fn existing(&self, db: &mut SqliteConnection) -> Result<Option<Build>, Error> {
        let Some((token, request_hash)) = &self.idempotency else { return Ok(None) };
        let until = forgotten_until(self.build.spec.submitted_at);
        sqlx::query(FORGET_TOKENS).bind(until.0).execute(&mut *db).await.map_err(|e| failed(&e))?;
        let found: Option<(String, i64, String)> =
            sqlx::query_as(FIND_TOKEN).bind(token).fetch_optional(db).await.map_err(|e| failed(&e))?;
        let Some((first, number, document)) = found else { return Ok(None) };
        same_request(&first, request_hash)?;
        build((number, document)).map(Some)
    }

    /// Lets a build pass that its project's limit has room for.
    async fn within_limit(&self, db: &mut SqliteConnection) -> Result<(), Error> {
        let Some(limit) = self.limit else { return Ok(()) };
        let project = self.build.spec.id.project();
        let claimed = sqlx::query_scalar(CLAIMED).bind(project.as_str()).fetch_one(db);
        let claimed = claimed.await.map(count).map_err(|e| failed(&e))?;
        if claimed < limit { Ok(()) } else { Err(Error::LimitReached { project: project.clone(), limit }) }
    }

    async fn insert(&self, db: &mut SqliteConnection) -> Result<Build, sqlx::Error> {
        let mut build = self.build.clone();
        let (id, queue) = (build.spec.id.to_string(), &self.queue);
        let number: i64 = sqlx::query_scalar(MAKE)
            .bind(&id)
            .bind(build.spec.id.uuid().to_string())
            .bind(build.spec.id.project().as_str())
            .bind(build.state.name())
            .bind(build.spec.submitted_at.0)
            .bind(integer(build.version))
            .bind(&self.document)
            .bind(queue.priority)
            .bind(queue.since.0)
            .bind(queue.deadline.0)
            .bind(&queue.requirements)
            .fetch_one(&mut *db)
            .await?;
        if let Some((token, request_hash)) = &self.idempotency {
            let at = build.spec.submitted_at.0;
            sqlx::query(KEEP_TOKEN).bind(token).bind(request_hash).bind(&id).bind(at).execute(db).await?;
        }
        build.spec.build_number = count(number);
        Ok(build)
    }
}

#[async_trait]
impl Write for Create {
    type Output = Created;

    async fn run(&self, db: &mut SqliteConnection) -> Result<Created, Error> {
        let existing = self.existing(db).await?;
        if let Some(entry) = self.outbox_entry {
            let taken = sqlx::query(TAKE_ENTRY).bind(integer(entry)).execute(&mut *db).await.map_err(|e| failed(&e))?;
            if taken.rows_affected() == 0 && existing.is_none() {
                return Err(Error::NotFound(format!("outbox entry {entry}")));
            }
        }
        if let Some(build) = existing {
            return Ok(Created { build, existed: true });
        }
        self.within_limit(db).await?;
        let build = self.insert(db).await.map_err(|e| failed(&e))?;
        Ok(Created { build, existed: false })
    }
}
