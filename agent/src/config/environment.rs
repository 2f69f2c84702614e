//! What the process's environment says: overrides of the file, and the host's own facts.

use super::{AgentConfig, ConfigError};
use buildyard_model::{IdError, InstanceId, Secret};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

/// Applies the variables on top of the file: those of a launch, which a provisioner sets, and `BUILDYARD_AGENT_…`, which
/// a person sets and which go before.
pub(super) fn override_by(
    config: &mut AgentConfig,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), ConfigError> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let either = |name: &str, launched: &str| given(name).or_else(|| given(launched));
    if let Some(endpoint) = either("BUILDYARD_AGENT_ENDPOINT", "BUILDYARD_COORDINATOR") {
        config.coordinator.endpoint = endpoint;
    }
    if let Some(token) = either("BUILDYARD_AGENT_JOIN_TOKEN", "BUILDYARD_JOIN_TOKEN") {
        config.coordinator.join_token = Some(Secret::new(token));
        config.coordinator.join_token_file = None;
    }
    if let Some(directory) = given("BUILDYARD_AGENT_DATA_DIR") {
        config.data_dir = PathBuf::from(directory);
    }
    config.name = id("BUILDYARD_AGENT_NAME", given)?.or(config.name.take());
    config.slots = slots(given)?.or(config.slots);
    config.labels.extend(labels(given)?);
    config.launch.ticket = id("BUILDYARD_TICKET", given)?;
    config.launch.fleet = id("BUILDYARD_FLEET", given)?;
    config.launch.instance = given("BUILDYARD_INSTANCE").map(InstanceId);
    config.tracing.complete(&variable)?;
    config.launch.is_ephemeral = given("BUILDYARD_AGENT_EPHEMERAL").is_some_and(|value| value == "true");
    Ok(())
}

/// Whether the variables say all that an agent cannot do without: whom to dial, by what right, under which name.
pub(super) fn suffices(variable: impl Fn(&str) -> Option<String>) -> bool {
    let given = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    ["BUILDYARD_AGENT_ENDPOINT", "BUILDYARD_COORDINATOR"].iter().any(given)
        && ["BUILDYARD_AGENT_JOIN_TOKEN", "BUILDYARD_JOIN_TOKEN"].iter().any(given)
        && given(&"BUILDYARD_AGENT_NAME")
}

fn id<T: FromStr<Err = IdError>>(name: &str, given: impl Fn(&str) -> Option<String>) -> Result<Option<T>, ConfigError> {
    let parsed = given(name).map(|text| text.parse()).transpose();
    parsed.map_err(|error: IdError| ConfigError::invalid(name, &error.to_string()))
}

fn slots(given: impl Fn(&str) -> Option<String>) -> Result<Option<u32>, ConfigError> {
    let parsed = given("BUILDYARD_SLOTS").map(|text| text.parse().map_err(|_| text)).transpose();
    parsed.map_err(|text| ConfigError::invalid("BUILDYARD_SLOTS", &format!("{text:?} is not a whole number")))
}

/// `name=value,name=value`.
fn labels(given: impl Fn(&str) -> Option<String>) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = given("BUILDYARD_LABELS").unwrap_or_default();
    let label = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(ConfigError::invalid("BUILDYARD_LABELS", &format!("{pair:?} is not name=value"))),
    };
    text.split(',').filter(|pair| !pair.is_empty()).map(label).collect()
}

/// The host's name, as the kernel has it.
pub(super) fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// A folder in memory that only the agent's user can enter, if the session has one.
pub(crate) fn runtime_directory() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute())
}
