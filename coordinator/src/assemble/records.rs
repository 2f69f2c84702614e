//! The store that the configuration asks for, and the key of its secrets.

use crate::config::{CoordinatorConfig, RecordsKind};
use buildyard_store::{Error, Memory, Sqlite, Store};
use buildyard_vault::{KeyError, Vault};
use std::pin::Pin;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(super) struct Records {
    pub(super) store: Arc<dyn Store>,
    /// Ends with the reason when nothing can be written any more.
    broken: Pin<Box<dyn Future<Output = String> + Send>>,
}

pub(super) async fn open(config: &CoordinatorConfig) -> Result<Records, Error> {
    match config.records.kind {
        RecordsKind::Sqlite => {
            let store = Sqlite::open(&config.data_dir).await?;
            let broken = Box::pin(store.broken());
            Ok(Records { store: Arc::new(store), broken })
        }
        RecordsKind::Memory => {
            Ok(Records { store: Arc::new(Memory::default()), broken: Box::pin(std::future::pending()) })
        }
    }
}

impl Records {
    /// Ends the coordinator when nothing can be written any more: one that only refuses would look alive.
    pub(super) fn watch(self, shutdown: &CancellationToken) {
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                reason = self.broken => {
                    tracing::error!(%reason, "the records take no more writes; the coordinator ends: mend the disk and start it again");
                    shutdown.cancel();
                }
            }
        });
    }
}

/// The key lies beside the records, and lives as long as they do.
pub(super) fn vault(config: &CoordinatorConfig) -> Result<Vault, KeyError> {
    match config.records.kind {
        RecordsKind::Sqlite => Vault::open(&config.data_dir),
        RecordsKind::Memory => Vault::forgetful(),
    }
}
