//! The outbox in SQLite. Entries are added by the commit of their step.

use super::Sqlite;
use super::column::{count, integer};
use super::failure::{failed, unreadable};
use super::write::Write;
use crate::roles::{Error, Outbox, OutboxEntry};
use async_trait::async_trait;
use sqlx::SqliteConnection;

const PENDING: &str = "SELECT id, effect FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2";
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

/// One damaged entry may not keep all others from being performed.
fn readable((id, effect): (i64, String)) -> Option<OutboxEntry> {
    entry((id, effect))
        .inspect_err(|error| tracing::error!(entry = id, %error, "an effect cannot be read and is passed over"))
        .ok()
}

#[async_trait]
impl Outbox for Sqlite {
    async fn pending(&self, after: u64, limit: u32) -> Result<Vec<OutboxEntry>, Error> {
        let mut after = integer(after);
        loop {
            let select = sqlx::query_as(PENDING).bind(after).bind(limit).fetch_all(&self.readers);
            let rows: Vec<(i64, String)> = select.await.map_err(|e| failed(&e))?;
            let Some(last) = rows.last() else { return Ok(Vec::new()) };
            after = last.0;
            let entries: Vec<OutboxEntry> = rows.into_iter().filter_map(readable).collect();
            // A page of nothing but damaged entries is not the end.
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
    }

    async fn done(&self, id: u64) -> Result<(), Error> {
        self.write(Done(id)).await
    }
}
