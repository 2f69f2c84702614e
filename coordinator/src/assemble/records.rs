//! The store that the configuration asks for.

use crate::config::{CoordinatorConfig, RecordsKind};
use buildyard_store::{Error, Memory, Sqlite, Store};
use std::sync::Arc;

pub(super) async fn open(config: &CoordinatorConfig) -> Result<Arc<dyn Store>, Error> {
    match config.records.kind {
        RecordsKind::Sqlite => Ok(Arc::new(Sqlite::open(&config.data_dir).await?)),
        RecordsKind::Memory => Ok(Arc::new(Memory::default())),
    }
}
