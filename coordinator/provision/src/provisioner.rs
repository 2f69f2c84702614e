//! The seam: one fleet's place to live.

use async_trait::async_trait;
use buildyard_model::{FleetName, InstanceId, Secret, Ticket, Timestamp};
use std::collections::BTreeMap;

/// Why a provisioner could not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// It may work later: the place cannot be reached, or has no capacity now.
    #[error("{0}")]
    Unavailable(String),
    /// It will not work until somebody changes something: no such image, no permission, a program that is not there.
    #[error("{0}")]
    Refused(String),
}

/// One instance to be started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Its agent names it in its first message.
    pub ticket: Ticket,
    pub fleet: FleetName,
    /// The agent's name.
    pub agent: String,
    /// Where the coordinator's gRPC door is, as an instance sees it: `http://host:port`.
    pub coordinator: String,
    pub join_token: Secret,
    /// Builds at once; none: the agent's own default.
    pub slots: Option<u32>,
    pub labels: BTreeMap<String, String>,
}

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// Asked for and not there yet.
    Starting,
    Running,
    /// Going; it counts as capacity no more.
    Stopping,
}

/// An instance as its provisioner knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    /// By which launch, where the place can tell: an Auto Scaling group cannot.
    pub ticket: Option<Ticket>,
    pub state: InstanceState,
    /// By the place's own clock, where it says so.
    pub launched_at: Option<Timestamp>,
}

/// One fleet's place to live. Every call may be repeated: a launch whose ticket is known already launches nothing, and
/// what is gone has been terminated.
#[async_trait]
pub trait Provisioner: Send + Sync + std::fmt::Debug {
    /// `process`, `docker`, `swarm`, `autoscaling_group`, `command` or `fake`.
    fn kind(&self) -> &'static str;

    /// Asks for these instances. They may come later than this returns, and some may never come: the truth is
    /// `instances()`. An error means that none, some or all were asked for.
    async fn launch(&self, launches: &[Launch]) -> Result<(), Error>;

    /// Ends an instance, whatever runs there.
    async fn terminate(&self, instance: &InstanceId) -> Result<(), Error>;

    /// Every instance of this fleet that Buildyard started and that is not gone.
    async fn instances(&self) -> Result<Vec<Instance>, Error>;
}
