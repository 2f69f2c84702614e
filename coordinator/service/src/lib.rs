//! Use cases and reconcilers: what the doors call, and the only code that commits.
//!
//! A use case loads a build, asks `scheduler` what an event makes of it, commits the step to `store` and performs its
//! effects. Doors translate and authorise; they decide nothing.

pub mod agents;
pub mod builds;
mod commit;
mod credential;
mod deletion;
mod details;
mod error;
mod fleets;
mod leases;
mod load;
pub mod logs;
mod metrics;
mod own_bucket;
pub mod parameters;
mod projects;
mod reach;
mod recent;
pub mod reconcile;
mod records;
mod report_groups;
mod resource_policies;
mod safe;
mod sealed_credentials;
mod secrets;
mod service_role;
mod sessions;
mod settings;
mod source_credentials;
mod start;
pub mod stored_secrets;
mod submission;
mod tenure;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod traces;
mod transfers;
mod usage;
pub mod users;
mod waiting;
mod watch;
mod why;

pub use agents::{Heartbeat, Hello, Removal, Withdraw};
pub use buildyard_scheduler::scaling::{Policy as ScalingPolicy, PolicyDocument};
pub use buildyard_store::{IdQuery, Order};
pub use credential::{fingerprint, new_secret};
pub use deletion::Deletion;
pub use details::BuildDetail;
pub use error::{Error, Kind};
pub use fleets::{DEFAULT_SECTION, FleetRequest, FleetSettings, Hosting, Provisioners};
pub use logs::{
    BuildLog, EventLimits, EventPage, Found, FoundEvent, LogEvent, LogGroup, LogReader, LogSink, LogStream, Place,
    Search, StreamOrder, StreamQuery,
};
pub use projects::{ProjectRequest, Visibility};
pub use reach::Reach;
pub use reconcile::Closing;
pub use records::{ListedAs, SortBy};
pub use report_groups::ReportGroupRequest;
pub use safe::Safe;
pub use secrets::{AwsCredentials, AwsSecrets, AwsSettings, FileSecrets, HeldSecrets, InOrder, SecretKind, Secrets};
pub use sessions::{Messages, SessionEnd, ToAgent};
pub use settings::{BuildSettings, ImageNames, Queueing, Retention, Settings, Timings};
pub use source_credentials::{CredentialInfo, ImportedCredential};
pub use start::Overrides;
pub use traces::{Answered, Door};
pub use transfers::{DownloadPage, FinishedUpload, OpenedUpload, StoredObject, UploadRequest};
pub use usage::Prices;
pub use users::NewKey;

use buildyard_blobs::{Objects, Transfers};
use buildyard_model::{Clock, Timestamp};
pub use buildyard_scheduler::placement::Policy as Placement;
use buildyard_store::Store;
pub use buildyard_vault::Vault;
use std::sync::Arc;

/// What the service is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub objects: Arc<dyn Objects>,
    pub transfers: Arc<dyn Transfers>,
    pub secrets: Arc<dyn Secrets>,
    /// Seals what must not lie in clear in the store.
    pub vault: Vault,
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
    safe: Safe,
    sessions: sessions::Sessions,
    turns: agents::Turns,
    metrics: metrics::Metrics,
    traces: std::sync::OnceLock<buildyard_traces::Traces>,
    load: load::Loads,
    recent: recent::Recent,
    changes: watch::Changes,
    logs: logs::LiveLogs,
    directory: tokio::sync::Mutex<logs::Directory>,
    users: users::Users,
    fleets: fleets::Fleets,
    /// Held by whoever grants builds to agents, from the look at the agents to the last commit.
    granting: tokio::sync::Mutex<()>,
    /// Rung when a build may have become placeable.
    match_bell: tokio::sync::Notify,
    /// When the last estimate was made of a build that nobody had asked about.
    estimated_at: std::sync::atomic::AtomicI64,
    /// Rung when the outbox grew.
    outbox_bell: tokio::sync::Notify,
    started_at: Timestamp,
}

impl Service {
    /// Puts the parts together; nothing runs yet (see [`reconcile::run`]).
    pub fn new(parts: Parts) -> Self {
        let started_at = parts.clock.now();
        let load = load::Loads::new(parts.settings.queue.placement, parts.settings.queue.weights.clone());
        let (store, vault, clock) = (parts.store.clone(), parts.vault.clone(), parts.clock.clone());
        let safe = Safe::new(store, vault, clock, &parts.settings.region, &parts.settings.account);
        Self {
            inner: Arc::new(Inner {
                parts,
                safe,
                sessions: sessions::Sessions::default(),
                turns: agents::Turns::default(),
                metrics: metrics::Metrics::default(),
                traces: std::sync::OnceLock::new(),
                load,
                recent: recent::Recent::default(),
                changes: watch::Changes::default(),
                logs: logs::LiveLogs::default(),
                directory: tokio::sync::Mutex::default(),
                users: users::Users::default(),
                fleets: fleets::Fleets::default(),
                granting: tokio::sync::Mutex::default(),
                match_bell: tokio::sync::Notify::new(),
                estimated_at: std::sync::atomic::AtomicI64::new(0),
                outbox_bell: tokio::sync::Notify::new(),
                started_at,
            }),
        }
    }

    fn store(&self) -> &dyn Store {
        &*self.inner.parts.store
    }

    /// The present moment, by the service's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.parts.clock.now()
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.inner.parts.settings
    }
}
