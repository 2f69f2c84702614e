//! The outbox in SQLite. Entries are added by the commit of their step.

use super::Sqlite;
use super::column::{count, integer};
use super::failure::{failed, unreadable};
use super::write::Write;
use crate::roles::{Error, Outbox, OutboxEntry};
use async_trait::async_trait;
use sqlx::SqliteConnection;

const PENDING: &str = "SELECT id, effect FROM outbox ORDER BY id LIMIT ?1";
const DONE: &str = "DELETE FROM outbox WHERE id = ?1";

#[derive(Debug)]
struct Done(u64);

#[async_trait]
impl Write for Done {
    type Output = ();

    async fn run(&self, db: &mut SqliteConnection) -> Result<(), Error> {
        sqlx::query(DONE).bind(integer(self.0)).execute(db).await.map(|_| ()).map_err(|e| failed(&e))
    }
}

fn entry((id, effect): (i64, String)) -> Result<OutboxEntry, Error> {
    let effect = serde_json::from_str(&effect).map_err(|error| unreadable("effect", &error))?;
    Ok(OutboxEntry { id: count(id), effect })
}

#[async_trait]
impl Outbox for Sqlite {
    async fn pending(&self, limit: u32) -> Result<Vec<OutboxEntry>, Error> {
        let rows = sqlx::query_as(PENDING).bind(limit).fetch_all(&self.readers).await.map_err(|e| failed(&e))?;
        rows.into_iter().map(entry).collect()
    }

    async fn done(&self, id: u64) -> Result<(), Error> {
        self.write(Done(id)).await
    }
}
