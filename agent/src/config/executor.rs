//! `[executor]`: where builds run.

use super::ConfigError;
use serde::Deserialize;

/// A kind of place to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutorKind {
    /// A container engine that speaks Docker's API: Docker or Podman.
    #[default]
    #[serde(alias = "podman")]
    Docker,
    /// Child processes on this host. Isolates nothing: for trusted builds only.
    Host,
}

/// The `[executor]` section.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExecutorConfig {
    pub kind: ExecutorKind,
    /// The engine's address: `unix:///run/docker.sock` or `http://host:port`. Default: where engines usually listen.
    pub address: Option<String>,
}

impl ExecutorConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match (&self.address, self.kind) {
            (Some(_), ExecutorKind::Host) => {
                Err(ConfigError::invalid("executor.address", "has no meaning with kind = \"host\"; remove it"))
            }
            (Some(address), ExecutorKind::Docker) if !address.contains("://") && !address.starts_with('/') => {
                let problem =
                    format!("{address:?} is not an address: expected unix:///path/to/socket or http://host:port");
                Err(ConfigError::invalid("executor.address", &problem))
            }
            _ => Ok(()),
        }
    }
}
