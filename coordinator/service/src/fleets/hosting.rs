//! Where fleets' instances live and how they scale, as far as the coordinator's config says it.

use async_trait::async_trait;
use buildyard_model::{Fleet, FleetName, Secret};
use buildyard_provision::Provisioner;
use buildyard_scheduler::scaling::Policy;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

/// The section of fleets that CodeBuild's API made and that have none of their own.
pub const DEFAULT_SECTION: &str = "default";

/// Gives fleets their provisioners.
#[async_trait]
pub trait Provisioners: Send + Sync + Debug {
    /// The provisioner of that name in the config, for one fleet. May be asked again for the same.
    ///
    /// # Errors
    /// When there is none of that name, or it cannot be used.
    async fn provisioner(
        &self,
        name: &str,
        fleet: &FleetName,
    ) -> Result<Arc<dyn Provisioner>, buildyard_provision::Error>;
}

/// What the config says of one fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetSettings {
    /// The provisioner's name.
    pub provisioner: String,
    /// For a fleet that CodeBuild's API made, its own capacities go before these.
    pub policy: Policy,
    /// Builds at once on each agent; none: the agent's own default.
    pub slots: Option<u32>,
    /// Labels of its agents.
    pub labels: BTreeMap<String, String>,
}

/// Everything that launching needs.
#[derive(Debug, Clone)]
pub struct Hosting {
    /// By the fleet's name; `on-demand` for builds that name none, `default` for fleets without a section of their own.
    pub fleets: BTreeMap<String, FleetSettings>,
    pub provisioners: Arc<dyn Provisioners>,
    /// Where the gRPC door is, as an instance sees it: `http://host:port`.
    pub coordinator: String,
    pub join_token: Secret,
}

impl Hosting {
    /// The settings of a fleet, if any hold for it.
    pub(crate) fn settings(&self, fleet: &FleetName, definition: Option<&Fleet>) -> Option<&FleetSettings> {
        let default = || definition.and_then(|_| self.fleets.get(DEFAULT_SECTION));
        self.fleets.get(fleet.as_str()).or_else(default)
    }
}
