//! What the process's environment says: overrides of the file, and the host's own facts.

use super::{AgentConfig, ConfigError};
use buildyard_model::Secret;
use std::path::PathBuf;

/// Applies `BUILDYARD_AGENT_…` variables on top of the file.
pub(super) fn override_by(
    config: &mut AgentConfig,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), ConfigError> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(endpoint) = given("BUILDYARD_AGENT_ENDPOINT") {
        config.coordinator.endpoint = endpoint;
    }
    if let Some(token) = given("BUILDYARD_AGENT_JOIN_TOKEN") {
        config.coordinator.join_token = Some(Secret::new(token));
        config.coordinator.join_token_file = None;
    }
    if let Some(directory) = given("BUILDYARD_AGENT_DATA_DIR") {
        config.data_dir = PathBuf::from(directory);
    }
    if let Some(name) = given("BUILDYARD_AGENT_NAME") {
        let name = name.parse().map_err(|error: buildyard_model::IdError| {
            ConfigError::invalid("BUILDYARD_AGENT_NAME", &error.to_string())
        })?;
        config.name = Some(name);
    }
    Ok(())
}

/// The host's name, as the kernel has it.
pub(super) fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// A folder in memory that only the agent's user can enter, if the session has one.
pub(crate) fn runtime_directory() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute())
}
