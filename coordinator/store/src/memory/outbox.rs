//! The outbox in memory.

use super::Memory;
use crate::roles::{Error, Outbox, OutboxEntry};
use async_trait::async_trait;

#[async_trait]
impl Outbox for Memory {
    async fn pending(&self, after: u64, limit: u32) -> Result<Vec<OutboxEntry>, Error> {
        let records = self.records();
        let behind = records.outbox.range(after.saturating_add(1)..);
        let entries = behind.map(|(&id, effect)| OutboxEntry { id, effect: effect.clone() });
        Ok(entries.take(limit as usize).collect())
    }

    async fn done(&self, id: u64) -> Result<(), Error> {
        self.records().outbox.remove(&id);
        Ok(())
    }
}
