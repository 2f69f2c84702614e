//! What an agent's service is like. Pure.

use crate::docker::nano_cpus;
use crate::engine::EngineSettings;
use crate::environment::{pairs, variables};
use crate::provisioner::{Error, Launch};
use bollard::models::{
    Limit, Mount, MountType, MountVolumeOptions, NetworkAttachmentConfig, ServiceSpec, ServiceSpecMode,
    ServiceSpecModeReplicated, TaskSpec, TaskSpecContainerSpec, TaskSpecPlacement, TaskSpecResources,
    TaskSpecRestartPolicy, TaskSpecRestartPolicyConditionEnum as Restart,
};
use buildyard_model::InstanceId;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// How agents run on a swarm.
#[derive(Debug, Clone, PartialEq)]
pub struct SwarmSettings {
    /// An engine that is a manager.
    pub engine: EngineSettings,
    /// What agents run in; each node has to have it, or be able to pull it.
    pub image: String,
    /// What the image's entry point is given.
    pub command: Vec<String>,
    /// The network that agents are on: they have to reach the coordinator.
    pub network: String,
    /// Which nodes, as `docker service create --constraint` takes it.
    pub constraints: Vec<String>,
    /// Added to the agents' environment.
    pub environment: BTreeMap<String, String>,
    /// Of one agent, its builds not counted; bytes.
    pub memory: Option<u64>,
    /// Of one agent, its builds not counted.
    pub cpus: Option<f64>,
    /// More lines of `/etc/hosts`: `address name`.
    pub extra_hosts: Vec<String>,
    /// What an agent gets between SIGTERM and SIGKILL.
    pub grace: Duration,
}

impl SwarmSettings {
    /// Agents of this image on the swarm of the engine that is found.
    pub fn new(image: &str) -> Self {
        Self {
            engine: EngineSettings::default(),
            image: image.to_owned(),
            command: vec!["agent".to_owned()],
            network: "host".to_owned(),
            constraints: Vec::new(),
            environment: BTreeMap::new(),
            memory: None,
            cpus: None,
            extra_hosts: Vec::new(),
            grace: Duration::from_secs(20),
        }
    }
}

/// An agent's service. Its data directory is a volume at `data`, where the node's engine keeps it, so that the path is the
/// same inside as outside.
pub(super) fn spec(
    settings: &SwarmSettings,
    socket: &str,
    launch: &Launch,
    name: &str,
    labels: &HashMap<String, String>,
    data: &str,
) -> Result<ServiceSpec, Error> {
    let mut environment = variables(launch, Some(&InstanceId(name.to_owned())))?;
    environment.insert("BUILDYARD_AGENT_DATA_DIR".to_owned(), data.to_owned());
    // Nobody else can clear the volume of another node.
    environment.insert("BUILDYARD_AGENT_EPHEMERAL".to_owned(), "true".to_owned());
    environment.extend(settings.environment.clone());
    let container = TaskSpecContainerSpec {
        image: Some(settings.image.clone()),
        args: Some(settings.command.clone()),
        env: Some(pairs(&environment)),
        labels: Some(labels.clone()),
        hosts: (!settings.extra_hosts.is_empty()).then(|| settings.extra_hosts.clone()),
        mounts: Some(vec![
            volume(name, data, labels),
            bind(socket, "/var/run/docker.sock"),
            // Builds' secrets lie in memory, and are mounted from there.
            bind("/dev/shm", "/dev/shm"),
        ]),
        stop_grace_period: i64::try_from(settings.grace.as_nanos()).ok(),
        // For the firewall of the host that builds run on: it keeps them from cloud metadata.
        capability_add: (settings.network == "host").then(|| vec!["NET_ADMIN".to_owned()]),
        init: Some(true),
        ..Default::default()
    };
    let network = NetworkAttachmentConfig { target: Some(settings.network.clone()), ..Default::default() };
    Ok(ServiceSpec {
        name: Some(name.to_owned()),
        labels: Some(labels.clone()),
        mode: Some(replicas(1)),
        task_template: Some(TaskSpec {
            container_spec: Some(container),
            resources: Some(TaskSpecResources { limits: Some(limits(settings)), ..Default::default() }),
            restart_policy: Some(TaskSpecRestartPolicy { condition: Some(Restart::NONE), ..Default::default() }),
            placement: Some(TaskSpecPlacement {
                constraints: Some(settings.constraints.clone()),
                ..Default::default()
            }),
            networks: Some(vec![network]),
            ..Default::default()
        }),
        ..Default::default()
    })
}

pub(super) fn replicas(count: i64) -> ServiceSpecMode {
    ServiceSpecMode { replicated: Some(ServiceSpecModeReplicated { replicas: Some(count) }), ..Default::default() }
}

fn limits(settings: &SwarmSettings) -> Limit {
    Limit {
        nano_cpus: settings.cpus.map(nano_cpus),
        memory_bytes: settings.memory.and_then(|bytes| i64::try_from(bytes).ok()),
        ..Default::default()
    }
}

fn bind(source: &str, target: &str) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(source.to_owned()),
        target: Some(target.to_owned()),
        ..Default::default()
    }
}

fn volume(name: &str, target: &str, labels: &HashMap<String, String>) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(name.to_owned()),
        target: Some(target.to_owned()),
        volume_options: Some(MountVolumeOptions { labels: Some(labels.clone()), ..Default::default() }),
        ..Default::default()
    }
}
