//! `[provisioners.NAME]`: the places where fleets' instances are started. `kind` says which of the sections below it is;
//! what they mean in full is in deploy/provisioners/README.md.

use super::ConfigError;
use buildyard_config::{ByteSize, Span};
use buildyard_model::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A `[provisioners.NAME]` section, by its `kind`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProvisionerConfig {
    /// Agents as processes of the coordinator's host.
    Process(ProcessConfig),
    /// Agents as containers of an engine.
    Docker(DockerConfig),
    /// Agents as services of a Docker Swarm.
    Swarm(SwarmConfig),
    /// Agents on instances of an EC2 Auto Scaling group.
    AutoscalingGroup(AutoscalingGroupConfig),
    /// Agents wherever the user's own program starts them.
    Command(CommandConfig),
}

/// `kind = "process"`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessConfig {
    /// The `buildyard` program; the coordinator's own without it.
    pub program: Option<PathBuf>,
    /// The agents' configuration, as in an agent's file, without `data_dir`.
    pub agent: toml::Table,
    /// Added to the agents' environment.
    pub environment: BTreeMap<String, String>,
    /// Between SIGTERM and SIGKILL.
    pub grace: Option<Span>,
}

/// `kind = "docker"`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DockerConfig {
    /// Never pulled. Without it, the one that `make agent-image` makes.
    pub image: Option<String>,
    /// `unix:///path/to.sock`, a path, or `tcp://host:port`; without it the engine that is found.
    pub engine: Option<String>,
    /// What the image's entry point is given; `agent` without it.
    pub command: Option<Vec<String>>,
    /// `host` without it.
    pub network: Option<String>,
    pub binds: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub memory: Option<ByteSize>,
    pub cpus: Option<f64>,
    pub extra_hosts: Vec<String>,
    pub grace: Option<Span>,
}

/// `kind = "swarm"`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SwarmConfig {
    /// Each node has it or can pull it. Without it, the one that `make agent-image` makes.
    pub image: Option<String>,
    /// An engine that is a manager.
    pub engine: Option<String>,
    pub command: Option<Vec<String>>,
    pub network: Option<String>,
    /// Which nodes.
    pub constraints: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub memory: Option<ByteSize>,
    pub cpus: Option<f64>,
    pub extra_hosts: Vec<String>,
    pub grace: Option<Span>,
}

/// `kind = "autoscaling_group"`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoscalingGroupConfig {
    /// The group's name. It carries the tag `buildyard.fleet` with the fleet's.
    pub group: String,
    /// Without it the coordinator's own.
    #[serde(default)]
    pub region: Option<String>,
    /// In place of AWS's own addresses.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Without it the environment's: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    #[serde(default)]
    pub access_key_id: Option<String>,
    #[serde(default)]
    pub secret_access_key_file: Option<PathBuf>,
    #[serde(default)]
    pub timeout: Option<Span>,
}

/// `kind = "command"`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    pub program: PathBuf,
    /// Before the verb.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Added to the program's environment.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// For each call.
    #[serde(default)]
    pub timeout: Option<Span>,
}

impl ProvisionerConfig {
    pub(super) fn check(&self, name: &str) -> Result<(), ConfigError> {
        let wrong =
            |key: &str, problem: &str| Err(ConfigError::invalid(&format!("provisioners.{name}.{key}"), problem));
        match self {
            Self::Process(config) if config.agent.contains_key("data_dir") => {
                wrong("agent", "must not hold data_dir: each agent gets one of its own")
            }
            Self::Docker(DockerConfig { cpus: Some(cpus), .. }) | Self::Swarm(SwarmConfig { cpus: Some(cpus), .. })
                if !(0.01..=4096.0).contains(cpus) =>
            {
                wrong("cpus", "must be between 0.01 and 4096")
            }
            Self::AutoscalingGroup(config) => match &config.endpoint {
                _ if config.access_key_id.is_some() != config.secret_access_key_file.is_some() => {
                    wrong("access_key_id", "and secret_access_key_file belong together: give both or none")
                }
                _ if config.region.as_deref().is_some_and(|region| !super::is_region(region)) => {
                    wrong("region", super::REGION)
                }
                Some(url) if !(url.starts_with("http://") || url.starts_with("https://")) || url.ends_with('/') => {
                    wrong("endpoint", "must be http://host:port or https://host:port, without a slash at its end")
                }
                _ => Ok(()),
            },
            Self::Command(config) if !config.program.is_absolute() => wrong("program", "must be an absolute path"),
            _ => Ok(()),
        }
    }
}

impl AutoscalingGroupConfig {
    /// The secret access key, if the section names one.
    pub(crate) fn secret(&self) -> Result<Option<Secret>, ConfigError> {
        let read = self.secret_access_key_file.as_ref().map(|path| buildyard_config::read(path));
        Ok(read.transpose()?.map(|text| Secret::new(text.trim())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn parsed(text: &str) -> Result<ProvisionerConfig, ConfigError> {
        buildyard_config::parse(Path::new("x"), text)
    }

    #[test]
    fn each_kind_has_its_own_keys_and_refuses_others() {
        let image = "kind = \"docker\"\nimage = \"a\"\nmemory = \"1GiB\"\ncpus = 1.5\ngrace = \"30s\"";
        assert!(matches!(parsed(image).unwrap(), ProvisionerConfig::Docker(config) if config.cpus == Some(1.5)));
        let process = "kind = \"process\"\n[agent.executor]\nkind = \"host\"";
        assert!(matches!(parsed(process).unwrap(), ProvisionerConfig::Process(config) if config.agent.len() == 1));
        for wrong in [
            "kind = \"docker\"\nimgae = \"a\"",
            "kind = \"process\"\nimage = \"a\"",
            "kind = \"dcoker\"",
            "image = \"a\"",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
        let unknown = parsed("kind = \"swarm\"\nimgae = \"a\"").unwrap_err().to_string();
        assert!(unknown.contains("imgae"), "{unknown}");
    }

    #[test]
    fn what_cannot_be_meant_is_named_with_its_section() {
        let problem = |text: &str| parsed(text).unwrap().check("p").unwrap_err().to_string();
        let aws = "kind = \"autoscaling_group\"\ngroup = \"g\"\n";
        assert!(problem(&format!("{aws}access_key_id = \"a\"")).starts_with("provisioners.p.access_key_id: "));
        assert!(problem(&format!("{aws}endpoint = \"aws\"")).starts_with("provisioners.p.endpoint: "));
        assert!(problem("kind = \"command\"\nprogram = \"./x\"").starts_with("provisioners.p.program: "));
        assert!(problem("kind = \"docker\"\ncpus = 0.0").starts_with("provisioners.p.cpus: "));
        assert!(problem("kind = \"process\"\nagent = { data_dir = \"/x\" }").starts_with("provisioners.p.agent: "));
    }
}
