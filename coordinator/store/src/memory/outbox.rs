//! The outbox in memory.

use super::Memory;
use crate::roles::{Error, Outbox, OutboxEntry};
use async_trait::async_trait;

#[async_trait]
impl Outbox for Memory {
    async fn pending(&self, limit: u32) -> Result<Vec<OutboxEntry>, Error> {
        let records = self.records();
        let entries = records.outbox.iter().map(|(&id, effect)| OutboxEntry { id, effect: effect.clone() });
        Ok(entries.take(limit as usize).collect())
    }

    async fn done(&self, id: u64) -> Result<(), Error> {
        self.records().outbox.remove(&id);
        Ok(())
    }
}
