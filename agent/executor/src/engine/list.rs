//! Finds sandboxes by label: containers, and networks whose container is gone, so that `remove` clears these too.

use super::link::Link;
use crate::sandbox::{ExecutorError, Found, SandboxId};
use bollard::models::ContainerSummaryStateEnum as State;
use bollard::query_parameters::{ListContainersOptionsBuilder, ListNetworksOptionsBuilder};
use std::collections::{BTreeMap, HashMap};

/// See `Executor::list`.
pub(super) async fn list(link: &Link, label: &str, value: &str) -> Result<Vec<Found>, ExecutorError> {
    let filters: HashMap<String, Vec<String>> = [("label".to_owned(), vec![format!("{label}={value}")])].into();
    let containers = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let networks = ListNetworksOptionsBuilder::default().filters(&filters).build();
    let (containers, networks) = tokio::join!(
        link.settled("listing containers", || link.docker.list_containers(Some(containers.clone()))),
        link.query("listing networks", link.docker.list_networks(Some(networks))),
    );
    let mut found = BTreeMap::new();
    for network in networks? {
        let Some(name) = network.name else { continue };
        found.insert(name, (network.labels.unwrap_or_default(), false));
    }
    for container in containers? {
        let name = container.names.and_then(|names| names.into_iter().next()).unwrap_or_default();
        let running = matches!(container.state, Some(State::RUNNING | State::PAUSED | State::RESTARTING));
        found.insert(name.trim_start_matches('/').to_owned(), (container.labels.unwrap_or_default(), running));
    }
    // A filter is the engine's to understand; what we act on is checked.
    let found = found.into_iter().filter(|(_, (labels, _))| labels.get(label).is_some_and(|found| found == value));
    Ok(found
        .map(|(name, (labels, running))| Found { id: SandboxId(name), labels: labels.into_iter().collect(), running })
        .collect())
}
