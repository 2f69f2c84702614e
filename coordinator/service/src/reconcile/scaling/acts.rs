//! Does what the plan says. Each act is stored before or together with its effect, and may be repeated.
//!
//! Promise: an instance is told to end only when its agent can be given no more builds and has none, by memory and by
//! what is stored.

use super::Tended;
use crate::fleets::launch::LaunchRecord;
use crate::fleets::view::{Sighting, owner};
use crate::fleets::{FleetSettings, Hosting};
use crate::{Error, Service};
use buildyard_model::{AgentId, FleetEvent, FleetEventKind, InstanceId, Ticket, Timestamp};
use buildyard_provision::{Error as PlaceError, Instance, InstanceState, Launch, Provisioner};
use buildyard_scheduler::scaling::Action;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// What a provisioner gets to start or end instances.
const CALL: Duration = Duration::from_secs(60);
/// An agent's name has at most 63 characters, eight of which are its own.
const LONGEST_PREFIX: usize = 54;
/// Between two tries at a launch that failed, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// One round's acts.
pub(super) struct Acts<'a> {
    pub(super) service: &'a Service,
    pub(super) tended: &'a mut Tended,
    pub(super) provisioner: &'a dyn Provisioner,
    pub(super) hosting: &'a Hosting,
    pub(super) settings: &'a FleetSettings,
}

impl Acts<'_> {
    pub(super) async fn perform(&mut self, actions: &[Action], sighting: &Sighting) -> Result<(), Error> {
        self.note_instances(sighting).await?;
        let mut ending = self.unended(sighting);
        for action in actions {
            match action {
                Action::Launch { count, reason } => self.launch(*count, reason).await?,
                Action::Drain { agent, reason } => self.drain(agent, reason).await?,
                Action::Undrain { agent, reason } => self.undrain(agent, reason).await?,
                Action::Terminate { instance, reason } => {
                    if self.may_end(instance, reason, sighting).await? {
                        ending.push(instance.clone());
                    }
                }
                Action::Forget { ticket, reason } => self.forget(*ticket, reason).await?,
            }
        }
        self.end(&ending).await;
        self.ask_again().await
    }

    /// Remembers which instances came of which launches.
    async fn note_instances(&self, sighting: &Sighting) -> Result<(), Error> {
        let listed = sighting.listed.iter().flatten();
        let found = listed.filter_map(|instance| {
            let launch = owner(&sighting.launches, instance).filter(|launch| launch.instance.is_none())?;
            Some(LaunchRecord { instance: Some(instance.id.clone()), confirmed: true, ..launch.clone() })
        });
        let found: Vec<LaunchRecord> = found.collect();
        if found.is_empty() { Ok(()) } else { self.service.keep_launches(&found, &[]).await }
    }

    async fn launch(&mut self, count: u32, reason: &str) -> Result<(), Error> {
        let now = self.service.now();
        let launches: Vec<LaunchRecord> = (0..count).map(|_| self.fresh(now)).collect::<Result<_, _>>()?;
        let events: Vec<FleetEvent> =
            launches.iter().map(|launch| self.event(FleetEventKind::Launched, Some(launch), reason)).collect();
        self.service.keep_launches(&launches, &events).await?;
        self.tended.last_event = events.last().cloned();
        self.tended.memory.launched(launches.len(), now);
        tracing::info!(fleet = %self.tended.name, count, reason, "instances are launched");
        self.ask(launches).await
    }

    fn fresh(&self, now: Timestamp) -> Result<LaunchRecord, Error> {
        let ticket = Uuid::new_v4();
        let fleet = self.tended.name.as_str();
        let prefix = &fleet[..fleet.len().min(LONGEST_PREFIX)];
        let own = &ticket.simple().to_string()[..8];
        let agent: AgentId = format!("{prefix}-{own}")
            .parse()
            .map_err(|error: buildyard_model::IdError| Error::new(crate::Kind::Internal, error.to_string()))?;
        Ok(LaunchRecord {
            ticket: Ticket(ticket),
            fleet: self.tended.name.clone(),
            agent,
            asked_at: now,
            confirmed: false,
            instance: None,
            joined_at: None,
            leaving_since: None,
            ending_since: None,
        })
    }

    /// Asks the provisioner for instances, which may have been asked for before.
    async fn ask(&mut self, launches: Vec<LaunchRecord>) -> Result<(), Error> {
        let asked: Vec<Launch> = launches.iter().map(|launch| self.request(launch)).collect();
        let late = |_| PlaceError::Unavailable(format!("did not start instances within {} s", CALL.as_secs()));
        match timeout(CALL, self.provisioner.launch(&asked)).await.map_err(late).and_then(|answer| answer) {
            Ok(()) => {
                // An agent may have joined, and its launch been changed, while the provisioner answered.
                let known = launches.iter().filter_map(|launch| self.service.inner.fleets.launches.get(&launch.ticket));
                let confirmed: Vec<_> = known.map(|launch| LaunchRecord { confirmed: true, ..launch }).collect();
                self.service.keep_launches(&confirmed, &[]).await
            }
            Err(error) => {
                tracing::warn!(fleet = %self.tended.name, %error, "instances could not be launched");
                let is_news = self.tended.trouble.as_ref().map(ToString::to_string) != Some(error.to_string());
                self.tended.memory.failed(self.service.now());
                if is_news {
                    self.note(self.event(FleetEventKind::LaunchFailed, None, &error.to_string())).await?;
                }
                self.tended.trouble = Some(error);
                Ok(())
            }
        }
    }

    fn request(&self, launch: &LaunchRecord) -> Launch {
        Launch {
            ticket: launch.ticket,
            fleet: launch.fleet.clone(),
            agent: launch.agent.to_string(),
            coordinator: self.hosting.coordinator.clone(),
            join_token: self.hosting.join_token.clone(),
            slots: self.settings.slots,
            labels: self.settings.labels.clone(),
        }
    }

    /// Asks again for launches of which the provisioner did not say that it was asked: it failed, or the coordinator
    /// ended in between.
    async fn ask_again(&mut self) -> Result<(), Error> {
        let memory = &self.tended.memory;
        let wait = RETRY.0.saturating_mul(1 << memory.failures.clamp(1, 7).saturating_sub(1)).min(RETRY.1);
        if memory.failed_at.is_some_and(|failed| self.service.now().since(failed) < wait) {
            return Ok(());
        }
        let launches = self.service.inner.fleets.launches.of(&self.tended.name).into_iter();
        let open: Vec<LaunchRecord> = launches
            .filter(|launch| !launch.confirmed && launch.joined_at.is_none() && launch.ending_since.is_none())
            .collect();
        if open.is_empty() { Ok(()) } else { self.ask(open).await }
    }

    async fn drain(&mut self, agent: &AgentId, reason: &str) -> Result<(), Error> {
        let Some(launch) = self.own(agent).filter(|launch| launch.leaving_since.is_none()) else { return Ok(()) };
        self.service.set_retiring(agent, true).await;
        let builds = self.service.in_hands(agent).0;
        let stored = async {
            let taken_back = self.service.take_offers_back(agent, reason).await?;
            let event = FleetEvent { builds, taken_back, ..self.event(FleetEventKind::Drained, Some(&launch), reason) };
            let drained = LaunchRecord { leaving_since: Some(self.service.now()), ..launch.clone() };
            self.service.keep_launches(&[drained], std::slice::from_ref(&event)).await.map(|()| event)
        };
        match stored.await {
            Ok(event) => self.tended.last_event = Some(event),
            Err(error) => {
                // Nobody would remember that it is to go.
                self.service.set_retiring(agent, false).await;
                return Err(error);
            }
        }
        tracing::info!(agent.id = %agent, reason, "agent is drained");
        Ok(())
    }

    async fn undrain(&mut self, agent: &AgentId, reason: &str) -> Result<(), Error> {
        let going = |launch: &LaunchRecord| launch.leaving_since.is_some() && launch.ending_since.is_none();
        let Some(launch) = self.own(agent).filter(going) else { return Ok(()) };
        let builds = self.service.in_hands(agent).0;
        let event = FleetEvent { builds, ..self.event(FleetEventKind::Undrained, Some(&launch), reason) };
        let back = LaunchRecord { leaving_since: None, ..launch };
        self.service.keep_launches(&[back], std::slice::from_ref(&event)).await?;
        self.tended.last_event = Some(event);
        self.service.set_retiring(agent, false).await;
        tracing::info!(agent.id = %agent, reason, "agent takes builds again");
        Ok(())
    }

    /// Whether the instance may be told to end now, which is then remembered.
    async fn may_end(&mut self, instance: &InstanceId, reason: &str, sighting: &Sighting) -> Result<bool, Error> {
        let listed = sighting.listed.iter().flatten().find(|listed| listed.id == *instance);
        let launch = listed.and_then(|listed| owner(&sighting.launches, listed));
        // It may have been drained, or its agent have joined, since the round began.
        let launch = launch.and_then(|launch| self.service.inner.fleets.launches.get(&launch.ticket));
        let now = self.service.now();
        let Some(launch) = launch else {
            if self.tended.strangers.insert(instance.clone()) {
                let event = self.event(FleetEventKind::Terminated, None, reason);
                self.note(FleetEvent { instance: Some(instance.to_string()), ..event }).await?;
            }
            return Ok(true);
        };
        if launch.ending_since.is_some() {
            return Ok(false);
        }
        let connected = self.service.inner.sessions.get(&launch.agent);
        if connected.is_some() && launch.leaving_since.is_none() {
            return Ok(false);
        }
        self.service.set_retiring(&launch.agent, true).await;
        let builds = self.service.in_hands(&launch.agent).0;
        if builds > 0 || self.service.stored_builds(&launch.agent).await? > 0 {
            return Ok(false);
        }
        if connected.is_some() {
            self.tended.memory.scaled_in_at = Some(now);
        }
        let event = self.event(FleetEventKind::Terminated, Some(&launch), reason);
        let event = FleetEvent { instance: Some(instance.to_string()), ..event };
        let (ending_since, leaving_since) = (Some(now), launch.leaving_since.or(Some(now)));
        let ended = LaunchRecord { ending_since, leaving_since, instance: Some(instance.clone()), ..launch };
        self.service.keep_launches(&[ended], std::slice::from_ref(&event)).await?;
        self.tended.last_event = Some(event);
        Ok(true)
    }

    /// Instances that were told to end and that run on: the provisioner failed, or the coordinator ended in between.
    fn unended(&self, sighting: &Sighting) -> Vec<InstanceId> {
        let runs_on = |instance: &&Instance| {
            let launch = owner(&sighting.launches, instance);
            instance.state != InstanceState::Stopping && launch.is_some_and(|launch| launch.ending_since.is_some())
        };
        sighting.listed.iter().flatten().filter(runs_on).map(|instance| instance.id.clone()).collect()
    }

    async fn end(&mut self, instances: &[InstanceId]) {
        let provisioner = self.provisioner;
        let calls = instances.iter().map(|instance| async move {
            tracing::info!(%instance, "an instance is ended");
            let late = |_| PlaceError::Unavailable(format!("did not end {instance} within {} s", CALL.as_secs()));
            timeout(CALL, provisioner.terminate(instance)).await.map_err(late).and_then(|answer| answer)
        });
        for (answer, instance) in futures::future::join_all(calls).await.into_iter().zip(instances) {
            if let Err(error) = answer {
                tracing::warn!(fleet = %self.tended.name, %instance, %error, "an instance could not be ended");
                self.tended.trouble = Some(error);
            }
        }
    }

    async fn forget(&mut self, ticket: Ticket, reason: &str) -> Result<(), Error> {
        let Some(launch) = self.service.inner.fleets.launches.get(&ticket) else { return Ok(()) };
        if launch.joined_at.is_some() {
            return Ok(());
        }
        let event = self.event(FleetEventKind::Forgotten, Some(&launch), reason);
        self.service.drop_launch(&launch, &event).await?;
        self.tended.last_event = Some(event);
        self.tended.memory.failed(self.service.now());
        self.tended.trouble = Some(PlaceError::Unavailable(format!("agent {}: {reason}", launch.agent)));
        self.service.forget_agent(&launch.agent).await
    }

    fn own(&self, agent: &AgentId) -> Option<LaunchRecord> {
        let launch = self.service.inner.fleets.launches.of_agent(agent)?;
        (launch.fleet == self.tended.name).then_some(launch)
    }

    pub(super) fn event(&self, kind: FleetEventKind, launch: Option<&LaunchRecord>, reason: &str) -> FleetEvent {
        FleetEvent {
            at: self.service.now(),
            fleet: self.tended.name.clone(),
            kind,
            agent: launch.map(|launch| launch.agent.clone()),
            instance: launch.and_then(|launch| launch.instance.as_ref()).map(ToString::to_string),
            builds: 0,
            taken_back: 0,
            reason: reason.to_owned(),
        }
    }

    pub(super) async fn note(&mut self, event: FleetEvent) -> Result<(), Error> {
        self.service.note_event(&event).await?;
        self.tended.last_event = Some(event);
        Ok(())
    }
}
