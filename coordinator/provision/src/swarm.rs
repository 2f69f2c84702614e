//! Agents as services of a Docker Swarm, one per ticket with one task that is never restarted. The swarm chooses the node.
//!
//! Owns the order of calls; what a service is like is `service`'s. Invariant: a service goes only after its task has
//! ended, so what can still do something is listed.

mod service;
#[cfg(test)]
mod tests;

pub use service::SwarmSettings;

use crate::docker::{name, ticket, unburied};
use crate::engine::{Engine, Failure};
use crate::owner::Owner;
use crate::provisioner::{Error, Instance, InstanceState, Launch, Provisioner};
use crate::text::one_line;
use async_trait::async_trait;
use bollard::models::{Service, ServiceSpec, Task, TaskState};
use bollard::query_parameters::{ListServicesOptionsBuilder, RemoveVolumeOptionsBuilder, UpdateServiceOptionsBuilder};
use buildyard_model::{InstanceId, Ticket};
use futures::future::join_all;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

const GLANCE: Duration = Duration::from_millis(100);
/// Beyond the grace: for the swarm's own doing.
const SLACK: Duration = Duration::from_secs(20);

/// One fleet's agents on one swarm.
#[derive(Debug)]
pub struct Swarm {
    settings: SwarmSettings,
    engine: Engine,
    owner: Owner,
    /// Where engines keep volumes.
    volumes: OnceCell<String>,
    /// Why a node would not run an agent, until it was told: the swarm says so after the launch.
    rejection: Mutex<Option<String>>,
}

impl Swarm {
    /// Nothing is asked yet.
    pub fn new(settings: SwarmSettings, owner: Owner) -> Self {
        let engine = Engine::new(settings.engine.clone());
        Self { settings, engine, owner, volumes: OnceCell::new(), rejection: Mutex::default() }
    }

    async fn volumes(&self) -> Result<&str, Error> {
        let ask = async || {
            let docker = self.engine.docker().await?;
            let info = self.engine.call("asking the engine where its volumes lie", docker.info()).await?;
            let root = info.docker_root_dir.unwrap_or_else(|| "/var/lib/docker".to_owned());
            Ok::<_, Error>(format!("{root}/volumes"))
        };
        self.volumes.get_or_try_init(ask).await.map(String::as_str)
    }

    async fn start(&self, launch: &Launch) -> Result<(), Error> {
        let name = name(launch.ticket);
        let data = format!("{}/{name}/_data", self.volumes().await?);
        let labels = self.owner.labels_of(launch);
        let spec = service::spec(&self.settings, &self.engine.socket(), launch, &name, &labels, &data)?;
        let docker = self.engine.docker().await?;
        match self.engine.call("making an agent's service", docker.create_service(spec, None)).await {
            Ok(_) => {
                tracing::info!(service = name, agent = launch.agent, "made an agent's service");
                Ok(())
            }
            // The launch is repeated.
            Err(Failure::Conflict(_)) => Ok(()),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    async fn services(&self) -> Result<Vec<(Ticket, Service)>, Error> {
        let docker = self.engine.docker().await?;
        let options = ListServicesOptionsBuilder::default().filters(&self.owner.filter()).build();
        let found = self.engine.call("listing agents' services", docker.list_services(Some(options))).await;
        let found = found.map_err(|failure| self.failed(failure))?;
        let ours = |found: Service| {
            let spec = found.spec.as_ref()?;
            let ticket = self.owner.ticket(spec.labels.as_ref()?)?;
            (spec.name.as_deref() == Some(name(ticket).as_str())).then_some((ticket, found))
        };
        Ok(found.into_iter().filter_map(ours).collect())
    }

    /// The newest task of each service.
    async fn tasks(&self) -> Result<HashMap<String, Task>, Error> {
        let docker = self.engine.docker().await?;
        let found = self.engine.call("listing tasks", docker.list_tasks(None)).await;
        let mut found = found.map_err(|failure| self.failed(failure))?;
        found.sort_by(|one, other| one.created_at.cmp(&other.created_at));
        Ok(found.into_iter().filter_map(|task| Some((task.service_id.clone()?, task))).collect())
    }

    /// Tells the task to end, and waits until it has; whatever it has not done then is lost.
    async fn stop(&self, ticket: Ticket, service: &Service) -> Result<(), Error> {
        self.scale_to_nothing(service).await?;
        let until = Instant::now() + self.settings.grace + SLACK;
        let id = service.id.clone().unwrap_or_default();
        while Instant::now() < until {
            if self.tasks().await?.get(&id).is_none_or(has_ended) {
                return self.remove(ticket).await;
            }
            sleep(GLANCE).await;
        }
        Err(Error::Unavailable(format!("{} has not ended within its grace: see `docker service ps`", name(ticket))))
    }

    async fn scale_to_nothing(&self, service: &Service) -> Result<(), Error> {
        if is_stopping(service) {
            return Ok(());
        }
        let docker = self.engine.docker().await?;
        let (id, mut spec) = (service.id.clone().unwrap_or_default(), service.spec.clone().unwrap_or_default());
        spec.mode = Some(service::replicas(0));
        let version = service.version.as_ref().and_then(|version| version.index).unwrap_or_default();
        let options =
            UpdateServiceOptionsBuilder::default().version(i32::try_from(version).unwrap_or(i32::MAX)).build();
        match self.engine.call("ending an agent's task", docker.update_service(&id, spec, options, None)).await {
            Ok(_) | Err(Failure::Absent(_)) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Removes the service, and the volume if it is on the node that we talk to. Of the others' volumes nothing is left
    /// but a name: their agents empty them.
    async fn remove(&self, ticket: Ticket) -> Result<(), Error> {
        let docker = self.engine.docker().await?;
        let name = name(ticket);
        match self.engine.call("removing an agent's service", docker.delete_service(&name)).await {
            Ok(()) | Err(Failure::Absent(_)) => {}
            Err(failure) => return Err(failure.into()),
        }
        let until = Instant::now() + SLACK;
        loop {
            let options = RemoveVolumeOptionsBuilder::default().build();
            match self.engine.call("removing an agent's volume", docker.remove_volume(&name, Some(options))).await {
                // The swarm removes a task's container a moment later.
                Err(Failure::Conflict(_)) if Instant::now() < until => sleep(GLANCE).await,
                Ok(()) | Err(Failure::Absent(_)) => return Ok(()),
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    async fn bury(&self, ticket: Ticket, task: &Task) -> Result<(), Error> {
        let status = task.status.clone().unwrap_or_default();
        let said = one_line(&status.err.unwrap_or_default());
        let state = status.state.map(|state| state.to_string()).unwrap_or_default();
        tracing::info!(service = name(ticket), state, said, "an agent's task has ended");
        if status.state == Some(TaskState::REJECTED) {
            let text = format!("a node of the swarm would not run an agent: {said}");
            *self.rejection.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        }
        self.remove(ticket).await
    }

    fn failed(&self, failure: Failure) -> Error {
        match failure {
            Failure::Rejected(text) if text.contains("swarm") => Error::Refused(format!(
                "{text}: make the engine at {} a manager with `docker swarm init` or `docker swarm join`, or set the \
                 provisioner's engine",
                self.engine.address()
            )),
            other => other.into(),
        }
    }
}

#[async_trait]
impl Provisioner for Swarm {
    fn kind(&self) -> &'static str {
        "swarm"
    }

    async fn launch(&self, launches: &[Launch]) -> Result<(), Error> {
        if let Some(text) = self.rejection.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(Error::Refused(text));
        }
        let unique: BTreeMap<Ticket, &Launch> = launches.iter().map(|launch| (launch.ticket, launch)).collect();
        join_all(unique.into_values().map(|launch| self.start(launch))).await.into_iter().collect()
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<(), Error> {
        let services = self.services().await?;
        let Some(ticket) = ticket(instance) else { return Ok(()) };
        match services.into_iter().find(|(found, _)| *found == ticket) {
            Some((_, service)) => self.stop(ticket, &service).await,
            None => Ok(()),
        }
    }

    async fn instances(&self) -> Result<Vec<Instance>, Error> {
        let services = self.services().await?;
        let tasks = self.tasks().await?;
        let mut instances = Vec::new();
        for (ticket, service) in services {
            let task = service.id.as_ref().and_then(|id| tasks.get(id));
            let state = match task {
                _ if is_stopping(&service) => InstanceState::Stopping,
                Some(task) if has_ended(task) => match self.bury(ticket, task).await {
                    Ok(()) => continue,
                    Err(error) => unburied(ticket, &error),
                },
                Some(task) if state_of(task) == Some(TaskState::RUNNING) => InstanceState::Running,
                _ => InstanceState::Starting,
            };
            // Which day it was made the swarm says as text; the ticket's owner knows it as well.
            instances.push(Instance { id: InstanceId(name(ticket)), ticket: Some(ticket), state, launched_at: None });
        }
        Ok(instances)
    }
}

fn state_of(task: &Task) -> Option<TaskState> {
    task.status.as_ref()?.state
}

fn has_ended(task: &Task) -> bool {
    use TaskState::{COMPLETE, FAILED, ORPHANED, REJECTED, REMOVE, SHUTDOWN};
    matches!(state_of(task), Some(COMPLETE | FAILED | ORPHANED | REJECTED | REMOVE | SHUTDOWN))
}

fn is_stopping(service: &Service) -> bool {
    let mode = |spec: &ServiceSpec| spec.mode.as_ref()?.replicated.as_ref()?.replicas;
    service.spec.as_ref().and_then(mode) == Some(0)
}
