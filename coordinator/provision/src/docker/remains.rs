//! What an agent that is gone has left on the engine: containers of its builds, and what it said last. A container is its
//! build's only if it mounts something out of the agent's own volume, so that an agent of the same name that somebody
//! else runs on this engine keeps its builds.

use crate::engine::{Engine, Failure};
use crate::provisioner::Error;
use crate::text::one_line;
use bollard::models::ContainerSummary;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
};
use futures::TryStreamExt;
use std::collections::HashMap;
use std::path::Path;

/// The label by which agents know their sandboxes.
const AGENT_LABEL: &str = "buildyard.agent";
/// The label by which agents know the networks that they keep for the next sandboxes, and the containers that hold them.
const NETWORK_LABEL: &str = "buildyard.network-owner";

/// Removes the builds of this agent, whose data directory this was, and their networks.
pub(super) async fn remove(engine: &Engine, agent: &str, data: &str) -> Result<(), Error> {
    let docker = engine.docker().await?;
    for build in remove_containers(engine, AGENT_LABEL, agent, data).await? {
        for network in networks(&build) {
            // One that others use, too, is refused; it is no loss.
            let _ = engine.call("removing a network", docker.remove_network(&network)).await;
        }
        tracing::info!(agent, container = build.id, "removed a build that its agent left behind");
    }
    remove_containers(engine, NETWORK_LABEL, agent, data).await?;
    remove_kept(engine, agent).await
}

/// Removes the agent's containers that carry this label, and gives them.
async fn remove_containers(
    engine: &Engine,
    label: &str,
    agent: &str,
    data: &str,
) -> Result<Vec<ContainerSummary>, Error> {
    let docker = engine.docker().await?;
    let filter: HashMap<String, Vec<String>> = [("label".to_owned(), vec![format!("{label}={agent}")])].into();
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filter).build();
    let mut found = engine.call("listing an agent's containers", docker.list_containers(Some(options))).await?;
    found.retain(|container| mounts_from(container, data));
    for container in &found {
        let id = container.id.clone().unwrap_or_default();
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match engine.call("removing a container of a gone agent", docker.remove_container(&id, Some(options))).await {
            Ok(()) | Err(Failure::Absent(_) | Failure::Conflict(_)) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(found)
}

/// Removes the networks that the agent kept. One with a container on it is refused; another agent of its name makes anew
/// what it misses.
async fn remove_kept(engine: &Engine, agent: &str) -> Result<(), Error> {
    let docker = engine.docker().await?;
    let filter: HashMap<String, Vec<String>> = [("label".to_owned(), vec![format!("{NETWORK_LABEL}={agent}")])].into();
    let options = ListNetworksOptionsBuilder::default().filters(&filter).build();
    let found = engine.call("listing an agent's networks", docker.list_networks(Some(options))).await?;
    for network in found.into_iter().filter_map(|network| network.name) {
        let _ = engine.call("removing a network", docker.remove_network(&network)).await;
    }
    Ok(())
}

/// The end of what the agent printed, in one line.
pub(super) async fn last_words(engine: &Engine, container: &str) -> String {
    let Ok(docker) = engine.docker().await else { return String::new() };
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail("5").build();
    let read = docker.logs(container, Some(options)).try_collect::<Vec<_>>();
    let said = engine.call("reading an agent's output", read).await.unwrap_or_default();
    one_line(&said.iter().map(ToString::to_string).collect::<String>())
}

fn mounts_from(build: &ContainerSummary, data: &str) -> bool {
    let sources = build.mounts.iter().flatten().filter_map(|mount| mount.source.as_deref());
    sources.into_iter().any(|source| Path::new(source).starts_with(data))
}

/// The networks that were made for a sandbox carry the product's name.
fn networks(build: &ContainerSummary) -> Vec<String> {
    let networks = build.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let names = networks.into_iter().flatten().map(|(name, _)| name.clone());
    names.filter(|name| name.starts_with("buildyard-")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::MountPoint;

    #[test]
    fn a_build_is_known_by_where_its_folders_lie() {
        let mounting = |source: &str| ContainerSummary {
            mounts: Some(vec![MountPoint { source: Some(source.to_owned()), ..Default::default() }]),
            ..Default::default()
        };
        assert!(mounts_from(&mounting("/volumes/a/_data/builds/1"), "/volumes/a/_data"));
        assert!(!mounts_from(&mounting("/volumes/ab/_data/builds/1"), "/volumes/a"));
        assert!(!mounts_from(&ContainerSummary::default(), "/volumes/a"));
    }
}
