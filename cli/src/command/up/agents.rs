//! The agents of `up` when a provisioner starts them: as many as the builds need, and none when there are none.

use super::UpArgs;
use crate::arguments::duration;
use crate::arguments::executor::ExecutorArgument;
use crate::failure::Failure;
use buildyard_coordinator::ScalingPolicy;
use buildyard_coordinator::config::{DockerConfig, FleetConfig, ProcessConfig, ProvisionerConfig, TracingConfig};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::time::Duration;

/// The fleet of builds that name none.
const FLEET: &str = "on-demand";
/// The fleets that `aws codebuild create-fleet` makes.
const MADE: &str = "default";
/// The provisioner's name in the configuration.
const NAME: &str = "up";

/// What starts agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProvisionerArgument {
    /// Containers of the engine on this host
    Docker,
    /// Processes on this host
    Process,
}

/// A fleet in the place of one agent.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Agents that come and go")]
pub(super) struct AgentsArgs {
    /// Start agents when builds wait, and end them when they have nothing to do
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) provisioner: Option<ProvisionerArgument>,
    /// Agents at most
    #[arg(long, value_name = "COUNT", requires = "provisioner", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    max_agents: u32,
    /// Agents at least
    #[arg(long, value_name = "COUNT", requires = "provisioner", default_value_t = 0)]
    min_agents: u32,
    /// What agents run in, with --provisioner docker; without it the image of `make agent-image`
    #[arg(long, value_name = "IMAGE", requires = "provisioner")]
    agent_image: Option<String>,
    /// An agent that had nothing to do for so long ends
    #[arg(long, value_name = "TIME", requires = "provisioner", default_value = "5m", value_parser = duration::parse)]
    agent_idle: Duration,
}

impl UpArgs {
    /// The configuration's provisioners.
    ///
    /// # Errors
    /// When the arguments exclude one another.
    pub(super) fn provisioners(&self, tracing: &TracingConfig) -> Result<BTreeMap<String, ProvisionerConfig>, Failure> {
        let Some(kind) = self.agents.provisioner else { return Ok(BTreeMap::new()) };
        if self.agents.min_agents > self.agents.max_agents {
            return Err(Failure::call("--min-agents is larger than --max-agents"));
        }
        let otlp = tracing.otlp.clone().map(|otlp| ("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), otlp));
        let environment: BTreeMap<_, _> = otlp.into_iter().collect();
        let section = match kind {
            ProvisionerArgument::Docker => self.docker(environment)?,
            ProvisionerArgument::Process => self.process(environment),
        };
        Ok([(NAME.to_owned(), section)].into())
    }

    fn docker(&self, environment: BTreeMap<String, String>) -> Result<ProvisionerConfig, Failure> {
        if self.executor != ExecutorArgument::Docker {
            return Err(Failure::call("--provisioner docker runs builds on its engine: leave --executor out"));
        }
        if self.allow_privileged {
            return Err(Failure::call("--allow-privileged does not reach agents of --provisioner docker: use process"));
        }
        Ok(ProvisionerConfig::Docker(DockerConfig {
            image: self.agents.agent_image.clone(),
            environment,
            ..DockerConfig::default()
        }))
    }

    fn process(&self, environment: BTreeMap<String, String>) -> ProvisionerConfig {
        let executor = crate::all_in_one::executor(self.executor);
        let kind = if self.executor == ExecutorArgument::Host { "host" } else { "docker" };
        let mut section = toml::Table::from_iter([("kind".to_owned(), kind.into())]);
        section.extend(executor.address.map(|address| ("address".to_owned(), address.into())));
        let mut agent = toml::Table::from_iter([("executor".to_owned(), section.into())]);
        agent.insert("allow_privileged".to_owned(), self.allow_privileged.into());
        ProvisionerConfig::Process(ProcessConfig { agent, environment, ..ProcessConfig::default() })
    }

    /// The configuration's fleets.
    pub(super) fn fleets(&self) -> BTreeMap<String, FleetConfig> {
        if self.agents.provisioner.is_none() {
            return BTreeMap::new();
        }
        let slots = self.slots.unwrap_or(1);
        let policy = ScalingPolicy {
            min: self.agents.min_agents,
            max: self.agents.max_agents,
            idle: self.agents.agent_idle,
            slots,
            ..ScalingPolicy::default()
        };
        let fleet = FleetConfig { provisioner: NAME.to_owned(), labels: BTreeMap::new(), slots: Some(slots), policy };
        [(FLEET.to_owned(), fleet.clone()), (MADE.to_owned(), fleet)].into()
    }
}
