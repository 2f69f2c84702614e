//! Agents as containers of an engine. Each has a volume of its own for its data directory, at the same path inside as
//! outside, so that the builds it runs beside itself, through the engine's socket, can mount their folders.
//!
//! Owns the order of calls; what a container is like is `container`'s, what is left of an agent's builds `remains`'.
//! Invariant: the volume is there before the container and goes after it, so an instance is what has either.

mod container;
mod remains;
#[cfg(test)]
pub(crate) mod tests;

pub use container::DockerSettings;
pub(crate) use container::nano_cpus;

use crate::engine::{Engine, Failure};
use crate::owner::{NAME_LABEL, Owner};
use crate::provisioner::{Error, Instance, InstanceState, Launch, Provisioner};
use async_trait::async_trait;
use bollard::models::{
    ContainerInspectResponse, ContainerSummary, ContainerSummaryStateEnum as State, Volume, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, KillContainerOptionsBuilder, ListContainersOptionsBuilder,
    ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder,
};
use buildyard_model::{InstanceId, Ticket, Timestamp};
use futures::future::join_all;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const GLANCE: Duration = Duration::from_millis(50);

/// One fleet's agents on one engine.
#[derive(Debug)]
pub struct DockerEngine {
    settings: DockerSettings,
    engine: Engine,
    owner: Owner,
}

impl DockerEngine {
    /// Nothing is asked yet.
    pub fn new(settings: DockerSettings, owner: Owner) -> Self {
        Self { engine: Engine::new(settings.engine.clone()), settings, owner }
    }

    /// Without the image nothing is made, so that nothing is left.
    async fn need_image(&self) -> Result<(), Error> {
        let image = &self.settings.image;
        let docker = self.engine.docker().await?;
        match self.engine.call("looking for the agents' image", docker.inspect_image(image)).await {
            Ok(_) => Ok(()),
            Err(Failure::Absent(_)) => Err(Error::Refused(format!(
                "the engine at {} does not have the agents' image {image}: make it with `make agent-image`, pull or \
                 load it there, or set the provisioner's image",
                self.engine.address()
            ))),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn start(&self, launch: &Launch) -> Result<(), Error> {
        let name = name(launch.ticket);
        let started = self.create_and_start(&name, launch).await;
        if started.is_err()
            && let Err(error) = self.clear(&name).await
        {
            tracing::warn!(container = name, %error, "what was made of an agent cannot be removed");
        }
        started
    }

    async fn create_and_start(&self, name: &str, launch: &Launch) -> Result<(), Error> {
        let docker = self.engine.docker().await?;
        let labels = self.owner.labels_of(launch);
        let request =
            VolumeCreateRequest { name: Some(name.to_owned()), labels: Some(labels.clone()), ..Default::default() };
        let volume = self.engine.call("making a volume for an agent", docker.create_volume(request)).await?;
        let body = container::body(&self.settings, &self.engine.socket(), launch, labels, &volume)?;
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        match self.engine.call("making an agent's container", docker.create_container(Some(options), body)).await {
            Ok(_) => {}
            // The launch is repeated. What was started once is not started again.
            Err(Failure::Conflict(_)) => match self.inspect(name).await? {
                Some(found) if is_fresh(&found) => {}
                _ => return Ok(()),
            },
            Err(failure) => return Err(failure.into()),
        }
        self.engine.call("starting an agent's container", docker.start_container(name, None)).await?;
        tracing::info!(container = name, agent = launch.agent, "started an agent's container");
        Ok(())
    }

    /// A container of this name, if there is one.
    async fn inspect(&self, name: &str) -> Result<Option<ContainerInspectResponse>, Error> {
        let docker = self.engine.docker().await?;
        match self.engine.call("looking at an agent's container", docker.inspect_container(name, None)).await {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.is_absent() => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Asks it to end, once to drain and once more to kill its builds, as often as it is there to hear it.
    async fn ask(&self, name: &str) -> Result<(), Error> {
        let docker = self.engine.docker().await?;
        for _ in 0..2 {
            let signal = KillContainerOptionsBuilder::default().signal("SIGTERM").build();
            match self.engine.call("ending an agent's container", docker.kill_container(name, Some(signal))).await {
                Ok(()) => {}
                // It does not run.
                Err(Failure::Absent(_) | Failure::Conflict(_)) => return Ok(()),
                Err(failure) => return Err(failure.into()),
            }
            let until = Instant::now() + self.settings.grace / 2;
            while Instant::now() < until {
                if !self.inspect(name).await?.is_some_and(|found| is_running(&found)) {
                    return Ok(());
                }
                sleep(GLANCE).await;
            }
        }
        tracing::warn!(container = name, "an agent did not end when it was asked to, and is killed");
        Ok(())
    }

    /// Removes container and volume.
    async fn clear(&self, name: &str) -> Result<(), Error> {
        let docker = self.engine.docker().await?;
        let until = Instant::now() + self.settings.engine.answer_within;
        loop {
            let container = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            let volume = RemoveVolumeOptionsBuilder::default().build();
            let removed = self.engine.call("removing an agent", docker.remove_container(name, Some(container))).await;
            let removed = match removed {
                Ok(()) | Err(Failure::Absent(_)) => {
                    self.engine.call("removing an agent's volume", docker.remove_volume(name, Some(volume))).await
                }
                Err(failure) => Err(failure),
            };
            match removed {
                Ok(()) | Err(Failure::Absent(_)) => return Ok(()),
                // Another removal is under way.
                Err(Failure::Conflict(_)) if Instant::now() < until => sleep(GLANCE).await,
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    async fn containers(&self) -> Result<Vec<(Ticket, ContainerSummary)>, Error> {
        let docker = self.engine.docker().await?;
        let options = ListContainersOptionsBuilder::default().all(true).filters(&self.owner.filter()).build();
        let found = self.engine.call("listing agents", docker.list_containers(Some(options))).await?;
        let none = HashMap::new();
        let ours = |found: ContainerSummary| {
            Some((self.owner.ticket(found.labels.as_ref().unwrap_or(&none))?, found)).filter(|(ticket, found)| {
                let name = format!("/{}", name(*ticket));
                found.names.iter().flatten().any(|found| *found == name)
            })
        };
        Ok(found.into_iter().filter_map(ours).collect())
    }

    async fn volumes(&self) -> Result<Vec<(Ticket, Volume)>, Error> {
        let docker = self.engine.docker().await?;
        let options = ListVolumesOptionsBuilder::default().filters(&self.owner.filter()).build();
        let found = self.engine.call("listing agents' volumes", docker.list_volumes(Some(options))).await?;
        let ours = |found: Volume| Some((self.owner.ticket(&found.labels)?, found));
        Ok(found.volumes.into_iter().flatten().filter_map(ours).filter(|(t, found)| found.name == name(*t)).collect())
    }

    /// Takes away what ended by itself, with what its builds left.
    async fn bury(&self, ticket: Ticket, found: &ContainerSummary) -> Result<(), Error> {
        let agent = found.labels.as_ref().and_then(|labels| labels.get(NAME_LABEL)).map_or("", String::as_str);
        let said = remains::last_words(&self.engine, &name(ticket)).await;
        let status = found.status.as_deref().unwrap_or_default();
        tracing::info!(agent, status, said, "an agent's container has ended");
        self.take_away(ticket, agent).await
    }

    async fn take_away(&self, ticket: Ticket, agent: &str) -> Result<(), Error> {
        let name = name(ticket);
        if let Some((_, volume)) = self.volumes().await?.into_iter().find(|(found, _)| *found == ticket) {
            remains::remove(&self.engine, agent, &volume.mountpoint).await?;
        }
        self.clear(&name).await
    }
}

#[async_trait]
impl Provisioner for DockerEngine {
    fn kind(&self) -> &'static str {
        "docker"
    }

    async fn launch(&self, launches: &[Launch]) -> Result<(), Error> {
        self.need_image().await?;
        // Twice the same ticket in one call would meet itself.
        let unique: BTreeMap<Ticket, &Launch> = launches.iter().map(|launch| (launch.ticket, launch)).collect();
        join_all(unique.into_values().map(|launch| self.start(launch))).await.into_iter().collect()
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<(), Error> {
        let Some(ticket) = ticket(instance) else { return Ok(()) };
        let found = self.containers().await?.into_iter().find(|(found, _)| *found == ticket);
        let Some((_, found)) = found else {
            let volume = self.volumes().await?.into_iter().any(|(found, _)| found == ticket);
            return if volume { self.clear(&instance.0).await } else { Ok(()) };
        };
        let agent = found.labels.as_ref().and_then(|labels| labels.get(NAME_LABEL)).cloned().unwrap_or_default();
        self.ask(&instance.0).await?;
        self.take_away(ticket, &agent).await
    }

    async fn instances(&self) -> Result<Vec<Instance>, Error> {
        let mut instances = BTreeMap::new();
        for (ticket, _) in self.volumes().await? {
            instances.insert(ticket, instance(ticket, InstanceState::Starting, None));
        }
        for (ticket, found) in self.containers().await? {
            let state = match state(&found) {
                Some(state) => state,
                None => match self.bury(ticket, &found).await {
                    Ok(()) => {
                        instances.remove(&ticket);
                        continue;
                    }
                    Err(error) => unburied(ticket, &error),
                },
            };
            let created = found.created.map(|seconds| Timestamp(seconds.saturating_mul(1000)));
            instances.insert(ticket, instance(ticket, state, created));
        }
        Ok(instances.into_values().collect())
    }
}

fn instance(ticket: Ticket, state: InstanceState, launched_at: Option<Timestamp>) -> Instance {
    Instance { id: InstanceId(name(ticket)), ticket: Some(ticket), state, launched_at }
}

/// What has ended and cannot be cleared up yet hides no other instance: it is on its way out, and tried again.
pub(crate) fn unburied(ticket: Ticket, error: &Error) -> InstanceState {
    tracing::warn!(%ticket, %error, "an agent that ended could not be cleared up; trying again");
    InstanceState::Stopping
}

/// What container, volume and service of a launch are called.
pub(crate) fn name(ticket: Ticket) -> String {
    format!("buildyard-agent-{ticket}")
}

/// The ticket in an instance's name; none for what is no name of ours.
pub(crate) fn ticket(instance: &InstanceId) -> Option<Ticket> {
    instance.0.strip_prefix("buildyard-agent-")?.parse().ok()
}

/// None for one that has ended.
fn state(found: &ContainerSummary) -> Option<InstanceState> {
    match found.state {
        Some(State::EXITED | State::DEAD) => None,
        Some(State::CREATED) => Some(InstanceState::Starting),
        Some(State::REMOVING | State::STOPPING) => Some(InstanceState::Stopping),
        _ => Some(InstanceState::Running),
    }
}

fn is_running(found: &ContainerInspectResponse) -> bool {
    found.state.as_ref().and_then(|state| state.running).unwrap_or(false)
}

/// Made and never started.
fn is_fresh(found: &ContainerInspectResponse) -> bool {
    let status = found.state.as_ref().and_then(|state| state.status);
    status == Some(bollard::models::ContainerStateStatusEnum::CREATED)
}
