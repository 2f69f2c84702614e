//! Documents in SQLite: a row for each, changed by version.

use super::Sqlite;
use super::column::{count, integer};
use super::failure::failed;
use super::write::Write;
use crate::document::{Change, Document, DocumentKind, Expected};
use crate::roles::{Documents, Error};
use async_trait::async_trait;
use sqlx::SqliteConnection;

const GET: &str = "SELECT key, version, body FROM document WHERE kind = ?1 AND key = ?2";
const LIST: &str = "SELECT key, version, body FROM document
    WHERE kind = ?1 AND key >= ?2 AND (?3 = '' OR key > ?3) AND substr(key, 1, length(?2)) = ?2
    ORDER BY key LIMIT ?4";
const VERSION: &str = "SELECT version FROM document WHERE kind = ?1 AND key = ?2";
const PUT: &str = "INSERT INTO document (kind, key, version, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, body = excluded.body";
const REMOVE: &str = "DELETE FROM document WHERE kind = ?1 AND key = ?2";

type Row = (String, i64, String);

fn document((key, version, body): Row) -> Document {
    Document { key, version: count(version), body }
}

#[derive(Debug)]
struct Apply(Vec<Change>);

#[async_trait]
impl Write for Apply {
    type Output = ();

    async fn run(&self, db: &mut SqliteConnection) -> Result<(), Error> {
        for change in &self.0 {
            apply(db, change).await?;
        }
        Ok(())
    }
}

async fn apply(db: &mut SqliteConnection, change: &Change) -> Result<(), Error> {
    let kind = change.kind.name();
    let stored = sqlx::query_scalar(VERSION).bind(kind).bind(&change.key).fetch_optional(&mut *db).await;
    let version: i64 = stored.map_err(|e| failed(&e))?.unwrap_or(0);
    let as_expected = match change.expected {
        Expected::Absent => version == 0,
        Expected::Version(expected) => version == integer(expected),
        Expected::Anything => true,
    };
    if !as_expected {
        return Err(Error::Conflict(format!("{kind} {}", change.key)));
    }
    let query = match &change.body {
        Some(body) => sqlx::query(PUT).bind(kind).bind(&change.key).bind(version + 1).bind(body),
        None => sqlx::query(REMOVE).bind(kind).bind(&change.key),
    };
    query.execute(db).await.map(|_| ()).map_err(|e| failed(&e))
}

#[async_trait]
impl Documents for Sqlite {
    async fn document(&self, kind: DocumentKind, key: &str) -> Result<Option<Document>, Error> {
        let select = sqlx::query_as::<_, Row>(GET).bind(kind.name()).bind(key).fetch_optional(&self.readers);
        Ok(select.await.map_err(|e| failed(&e))?.map(document))
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Document>, Error> {
        let select = sqlx::query_as::<_, Row>(LIST).bind(kind.name()).bind(prefix).bind(after).bind(limit);
        let rows = select.fetch_all(&self.readers).await.map_err(|e| failed(&e))?;
        Ok(rows.into_iter().map(document).collect())
    }

    async fn change(&self, changes: &[Change]) -> Result<(), Error> {
        self.write(Apply(changes.to_vec())).await
    }
}
