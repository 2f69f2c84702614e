//! Brings the schema up to date, one migration in one transaction each: after a crash there is the old schema or the
//! new, never half of one (reliability F10). A schema that is newer than this program is not touched.

use super::failure::failed;
use crate::roles::Error;
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::path::Path;

/// In order; the first makes version 1. A migration that was released is never changed.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_records.sql"),
    include_str!("../../migrations/sqlite/0002_documents.sql"),
    include_str!("../../migrations/sqlite/0003_queue_without_order.sql"),
];

pub(super) async fn migrate(db: &mut SqliteConnection, migrations: &[&str], file: &Path) -> Result<(), Error> {
    let current = current_version(db).await.map_err(|error| failed(&error))?;
    let known = migrations.len();
    if current > known {
        return Err(Error::Failed(format!(
            "{} has schema version {current}, and this program knows versions up to {known}: use the newer buildyard that wrote it",
            file.display()
        )));
    }
    for (version, script) in (1..).zip(migrations).skip(current) {
        apply(db, version, script).await.map_err(|error| {
            Error::Failed(format!("cannot bring {} to schema version {version}: {error}", file.display()))
        })?;
        tracing::info!(version, file = %file.display(), "brought the schema up to date");
    }
    Ok(())
}

async fn current_version(db: &mut SqliteConnection) -> Result<usize, sqlx::Error> {
    let make = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT";
    sqlx::query(make).execute(&mut *db).await?;
    let newest: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM schema_version").fetch_one(db).await?;
    Ok(usize::try_from(newest).unwrap_or(usize::MAX))
}

async fn apply(db: &mut SqliteConnection, version: i64, script: &str) -> Result<(), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *db).await?;
    let done = run(db, version, script).await;
    if done.is_err() {
        sqlx::query("ROLLBACK").execute(&mut *db).await?;
    }
    done
}

async fn run(db: &mut SqliteConnection, version: i64, script: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut *db).await?;
    sqlx::query("INSERT INTO schema_version (version) VALUES (?1)").bind(version).execute(&mut *db).await?;
    sqlx::query("COMMIT").execute(&mut *db).await?;
    Ok(())
}
