//! Use cases and reconcilers: what the doors call, and the only code that commits.
//!
//! A use case loads a build, asks `scheduler` what an event makes of it, commits the step to `store` and performs its
//! effects. Doors translate and authorise; they decide nothing.

pub mod agents;
pub mod builds;
mod commit;
mod credential;
mod error;
mod leases;
mod load;
pub mod logs;
pub mod reconcile;
mod secrets;
mod sessions;
mod settings;
mod submission;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod transfers;
mod watch;

pub use agents::Hello;
pub use credential::{fingerprint, new_secret};
pub use error::{Error, Kind};
pub use logs::{LogReader, LogSink};
pub use secrets::{FileSecrets, HeldSecrets, SecretKind, Secrets};
pub use sessions::{SessionEnd, ToAgent};
pub use settings::{Settings, Timings};
pub use transfers::{DownloadPage, FinishedUpload, OpenedUpload, StoredObject, UploadRequest};

use buildyard_blobs::{Objects, Transfers};
use buildyard_model::{Clock, Timestamp};
use buildyard_store::Store;
use std::sync::Arc;

/// What the service is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub objects: Arc<dyn Objects>,
    pub transfers: Arc<dyn Transfers>,
    pub secrets: Arc<dyn Secrets>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
}

/// The coordinator's use cases. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: Parts,
    sessions: sessions::Sessions,
    load: load::Loads,
    changes: watch::Changes,
    logs: logs::LiveLogs,
    /// Rung when a build may have become placeable.
    match_bell: tokio::sync::Notify,
    /// Rung when the outbox grew.
    outbox_bell: tokio::sync::Notify,
    started_at: Timestamp,
}

impl Service {
    /// Puts the parts together; nothing runs yet (see [`reconcile::run`]).
    pub fn new(parts: Parts) -> Self {
        let started_at = parts.clock.now();
        Self {
            inner: Arc::new(Inner {
                parts,
                sessions: sessions::Sessions::default(),
                load: load::Loads::default(),
                changes: watch::Changes::default(),
                logs: logs::LiveLogs::default(),
                match_bell: tokio::sync::Notify::new(),
                outbox_bell: tokio::sync::Notify::new(),
                started_at,
            }),
        }
    }

    fn store(&self) -> &dyn Store {
        &*self.inner.parts.store
    }

    fn now(&self) -> Timestamp {
        self.inner.parts.clock.now()
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.inner.parts.settings
    }
}
