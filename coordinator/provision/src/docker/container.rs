//! What an agent's container is like. Pure.

use crate::engine::EngineSettings;
use crate::environment::{pairs, variables};
use crate::provisioner::{Error, Launch};
use bollard::models::{ContainerCreateBody, HostConfig, Volume};
use buildyard_model::InstanceId;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// How agents run on an engine.
#[derive(Debug, Clone, PartialEq)]
pub struct DockerSettings {
    pub engine: EngineSettings,
    /// What agents run in. It is never pulled.
    pub image: String,
    /// What the image's entry point is given.
    pub command: Vec<String>,
    /// The network that agents are on: they have to reach the coordinator.
    pub network: String,
    /// More mounts, as `docker run -v` takes them.
    pub binds: Vec<String>,
    /// Added to the agents' environment.
    pub environment: BTreeMap<String, String>,
    /// Of one agent, its builds not counted; bytes.
    pub memory: Option<u64>,
    /// Of one agent, its builds not counted.
    pub cpus: Option<f64>,
    /// More lines of `/etc/hosts`, as `docker run --add-host` takes them.
    pub extra_hosts: Vec<String>,
    /// What an agent gets between SIGTERM and SIGKILL; after the half of it it is told to kill its builds.
    pub grace: Duration,
}

impl DockerSettings {
    /// Agents of this image on the engine that is found.
    pub fn new(image: &str) -> Self {
        Self {
            engine: EngineSettings::default(),
            image: image.to_owned(),
            command: vec!["agent".to_owned()],
            network: "host".to_owned(),
            binds: Vec::new(),
            environment: BTreeMap::new(),
            memory: None,
            cpus: None,
            extra_hosts: Vec::new(),
            grace: Duration::from_secs(20),
        }
    }
}

/// An agent's container, with its data directory on `volume` and the engine's `socket`.
pub(super) fn body(
    settings: &DockerSettings,
    socket: &str,
    launch: &Launch,
    labels: HashMap<String, String>,
    volume: &Volume,
) -> Result<ContainerCreateBody, Error> {
    let instance = InstanceId(volume.name.clone());
    let mut environment = variables(launch, Some(&instance))?;
    environment.insert("BUILDYARD_AGENT_DATA_DIR".to_owned(), volume.mountpoint.clone());
    environment.extend(settings.environment.clone());
    let mut binds = vec![
        format!("{}:{}", volume.name, volume.mountpoint),
        format!("{socket}:/var/run/docker.sock"),
        // Builds' secrets lie in memory, and are mounted from there.
        "/dev/shm:/dev/shm".to_owned(),
    ];
    binds.extend(settings.binds.iter().cloned());
    Ok(ContainerCreateBody {
        image: Some(settings.image.clone()),
        cmd: Some(settings.command.clone()),
        env: Some(pairs(&environment)),
        labels: Some(labels),
        host_config: Some(HostConfig {
            binds: Some(binds),
            network_mode: Some(settings.network.clone()),
            extra_hosts: (!settings.extra_hosts.is_empty()).then(|| settings.extra_hosts.clone()),
            memory: settings.memory.and_then(|bytes| i64::try_from(bytes).ok()),
            nano_cpus: settings.cpus.map(nano_cpus),
            // For the firewall of the host that builds run on: it keeps them from cloud metadata.
            cap_add: (settings.network == "host").then(|| vec!["NET_ADMIN".to_owned()]),
            init: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    })
}

/// CPUs as engines count them. A cast saturates.
#[allow(clippy::cast_possible_truncation, reason = "see above")]
pub(crate) fn nano_cpus(cpus: f64) -> i64 {
    (cpus * 1e9).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::launch;

    #[test]
    fn a_data_directory_is_the_same_inside_and_outside() {
        let settings = DockerSettings { cpus: Some(1.5), memory: Some(1 << 30), ..DockerSettings::new("image") };
        let volume = Volume { name: "v".into(), mountpoint: "/volumes/v/_data".into(), ..Default::default() };
        let body = body(&settings, "/run/engine.sock", &launch("linux"), HashMap::new(), &volume).unwrap();
        let host = body.host_config.unwrap();
        let binds = host.binds.unwrap();
        assert_eq!(binds[..2], ["v:/volumes/v/_data", "/run/engine.sock:/var/run/docker.sock"]);
        assert!(body.env.unwrap().contains(&"BUILDYARD_AGENT_DATA_DIR=/volumes/v/_data".to_owned()));
        assert_eq!((host.nano_cpus, host.memory), (Some(1_500_000_000), Some(1 << 30)));
    }
}
