//! What all builds of an agent share: where they run, whom they talk to, what they may do.

use crate::bell::Ringer;
use crate::folder::Builds;
use crate::metrics::{Metrics, Page};
use crate::shelf::Shelf;
use crate::uplink::Uplink;
use crate::warm::Warm;
use buildyard_executor::{Capabilities, Executor, Stock};
use buildyard_model::{AgentId, Clock};
use buildyard_source::Fetcher;
use buildyard_traces::Traces;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// Labels of sandboxes: whose they are, and which lease they run.
pub(crate) const AGENT_LABEL: &str = "buildyard.agent";
pub(crate) const LEASE_LABEL: &str = "buildyard.lease";
pub(crate) const BUILD_LABEL: &str = "buildyard.build";
/// In the lease's place, on those that were started before their build came. Labels cannot be changed: which lease took
/// it is in the lease's folder.
pub(crate) const WARM_LABEL: &str = "buildyard.warm";

/// The shared things.
#[derive(Debug)]
pub(crate) struct Site {
    pub name: AgentId,
    pub executor: Arc<dyn Executor>,
    /// Its images, where it has any.
    pub stock: Option<Arc<dyn Stock>>,
    pub shelf: Shelf,
    /// As found at the start.
    pub capabilities: Capabilities,
    pub uplink: Uplink,
    pub fetcher: Fetcher,
    /// For storage.
    pub http: reqwest::Client,
    pub ringer: Ringer,
    /// The program that builds run as their runner.
    pub binary: PathBuf,
    pub allow_privileged: bool,
    /// Of one build.
    pub log_limit_bytes: u64,
    pub clock: Arc<dyn Clock>,
    pub builds: Builds,
    pub warm: Warm,
    /// Whether the coordinator is there.
    pub online: watch::Receiver<bool>,
    pub metrics: Arc<Metrics>,
    pub traces: Traces,
    /// Ends with the agent.
    pub _page: Page,
}
