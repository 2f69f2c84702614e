//! The agent's configuration: one TOML file, one Rust file per section, read once and checked whole.
//!
//! Owns: defaults, parsing, the environment overrides and what makes a configuration usable. Unknown keys are
//! refused. Nothing else in the crate reads the process's environment.

mod capacity;
mod coordinator;
mod environment;
mod executor;
mod gc;
mod launch;
mod logs;
mod metrics;
mod source;
mod warm;

pub use buildyard_config::{ByteSize, ConfigError, ParseQuantityError, Span};
pub use buildyard_traces::TracingConfig;
pub use capacity::CapacityConfig;
pub use coordinator::CoordinatorConfig;
pub use executor::{ExecutorConfig, ExecutorKind};
pub use gc::GcConfig;
pub use launch::LaunchConfig;
pub use logs::LogsConfig;
pub use metrics::MetricsConfig;
pub use source::GitConfig;
pub use warm::WarmConfig;

pub(crate) use environment::runtime_directory;

use buildyard_model::AgentId;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that an agent is told.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgentConfig {
    /// The agent's name, unique in the fleet. Default: the host's name.
    pub name: Option<AgentId>,
    /// Credential, source mirrors and the folders of running builds lie here. One agent per directory.
    pub data_dir: PathBuf,
    /// Builds at once. Default: half of the host's CPUs, at least one. When given, it decides: CPU and memory are
    /// then taken to suffice for so many builds of the smallest type.
    pub slots: Option<u32>,
    /// What a build may ask this agent to carry.
    pub labels: BTreeMap<String, String>,
    /// Whether builds with `privilegedMode` may run here.
    pub allow_privileged: bool,
    /// Folders of this host that builds may name as their source, with everything below them.
    pub allow_local_sources: Vec<PathBuf>,
    /// With less free space than this below `data_dir`, no build is taken.
    pub disk_floor: ByteSize,
    /// Whom to dial.
    pub coordinator: CoordinatorConfig,
    /// Where builds run.
    pub executor: ExecutorConfig,
    /// How much the builds may use together.
    pub capacity: CapacityConfig,
    /// What is kept of builds' logs.
    pub logs: LogsConfig,
    /// How git sources are fetched.
    pub git: GitConfig,
    /// Where its metrics can be read.
    pub metrics: MetricsConfig,
    /// Where its traces go.
    pub tracing: TracingConfig,
    /// By which launch it woke up; not from the file.
    #[serde(skip)]
    pub launch: LaunchConfig,
    /// Containers that wait for builds.
    pub warm: WarmConfig,
    /// What is kept for later builds.
    pub gc: GcConfig,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            name: None,
            data_dir: PathBuf::from("/var/lib/buildyard/agent"),
            slots: None,
            labels: BTreeMap::new(),
            allow_privileged: false,
            allow_local_sources: Vec::new(),
            disk_floor: ByteSize::gib(2),
            coordinator: CoordinatorConfig::default(),
            executor: ExecutorConfig::default(),
            capacity: CapacityConfig::default(),
            logs: LogsConfig::default(),
            git: GitConfig::default(),
            metrics: MetricsConfig::default(),
            tracing: TracingConfig::default(),
            launch: LaunchConfig::default(),
            warm: WarmConfig::default(),
            gc: GcConfig::default(),
        }
    }
}

impl AgentConfig {
    /// Reads and checks the file at `path`, with the overrides of the process's environment
    /// (`BUILDYARD_AGENT_ENDPOINT`, `…_JOIN_TOKEN`, `…_NAME`, `…_DATA_DIR`, and what a provisioner tells:
    /// `BUILDYARD_COORDINATOR`, `BUILDYARD_JOIN_TOKEN`, `BUILDYARD_TICKET`, `BUILDYARD_FLEET`, `BUILDYARD_INSTANCE`,
    /// `BUILDYARD_SLOTS`, `BUILDYARD_LABELS`; and where traces go, by OpenTelemetry's variables).
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = buildyard_config::read(path)?;
        let mut config = Self::parse(path, &text)?;
        environment::override_by(&mut config, |name| std::env::var(name).ok())?;
        config.check().map_err(|error| error.located(path, &text))?;
        Ok(config)
    }

    /// The configuration of an agent without a file, from the process's environment; none unless that names coordinator,
    /// join token and agent.
    pub fn from_environment() -> Option<Result<Self, ConfigError>> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Option<Result<Self, ConfigError>> {
        if !environment::suffices(&variable) {
            return None;
        }
        let mut config = Self::default();
        let told = environment::override_by(&mut config, variable).and_then(|()| config.check());
        Some(told.map(|()| config))
    }

    /// The configuration in `text`; `path` is for messages only. Not yet checked.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        buildyard_config::parse(path, text)
    }

    /// Says what makes the configuration unusable, if anything does.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, problem: &str| Err(ConfigError::invalid(key, problem));
        if self.slots == Some(0) {
            return wrong("slots", "must be at least 1");
        }
        if !self.data_dir.is_absolute() {
            return wrong("data_dir", "must be an absolute path");
        }
        if let Some(path) = self.allow_local_sources.iter().find(|path| !path.is_absolute()) {
            return wrong("allow_local_sources", &format!("{} is not an absolute path", path.display()));
        }
        if let Some(name) = self.labels.keys().find(|name| name.is_empty() || name.contains(char::is_whitespace)) {
            return wrong("labels", &format!("{name:?} is not a label name: it is empty or holds white space"));
        }
        if self.git.ssh_key.is_some() && self.git.known_hosts.is_none() {
            return wrong("git.ssh_key", "needs git.known_hosts: without it no host is reached by ssh");
        }
        self.coordinator.check()?;
        self.executor.check()?;
        self.logs.check()?;
        self.warm.check()?;
        self.tracing.check()?;
        self.capacity.check()
    }

    /// The agent's name: the configured one, or the host's as far as it is a valid name.
    pub fn agent_name(&self) -> Result<AgentId, ConfigError> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let host = environment::host_name();
        host.parse().map_err(|_| {
            ConfigError::invalid("name", &format!("is not set, and the host's name {host:?} cannot be used as one"))
        })
    }
}

#[cfg(test)]
mod tests;
