//! Forgets a finished build and notes what must be done because of that, both or neither.

use super::column::document;
use super::failure::failed;
use super::write::Write;
use crate::roles::Error;
use async_trait::async_trait;
use buildyard_model::BuildId;
use buildyard_scheduler::Effect;
use sqlx::SqliteConnection;

const TOKENS: &str = "DELETE FROM idempotency WHERE build = ?1
    AND EXISTS (SELECT 1 FROM build WHERE id = ?1 AND state = 'finished')";
const BUILD: &str = "DELETE FROM build WHERE id = ?1 AND state = 'finished'";
const ADD_EFFECT: &str = "INSERT INTO outbox (effect) VALUES (?1)";

/// A build about to be forgotten.
#[derive(Debug)]
pub(super) struct Remove {
    id: BuildId,
    /// Documents of durable ones.
    effects: Vec<String>,
}

impl Remove {
    pub(super) fn new(id: &BuildId, effects: &[Effect]) -> Result<Self, Error> {
        let durable = effects.iter().filter(|effect| effect.durable());
        Ok(Self { id: id.clone(), effects: durable.map(document).collect::<Result<_, _>>()? })
    }
}

#[async_trait]
impl Write for Remove {
    type Output = bool;

    async fn run(&self, db: &mut SqliteConnection) -> Result<bool, Error> {
        let id = self.id.to_string();
        sqlx::query(TOKENS).bind(&id).execute(&mut *db).await.map_err(|e| failed(&e))?;
        let removed = sqlx::query(BUILD).bind(&id).execute(&mut *db).await.map_err(|e| failed(&e))?;
        if removed.rows_affected() == 0 {
            return Ok(false);
        }
        for effect in &self.effects {
            sqlx::query(ADD_EFFECT).bind(effect).execute(&mut *db).await.map_err(|e| failed(&e))?;
        }
        Ok(true)
    }
}
