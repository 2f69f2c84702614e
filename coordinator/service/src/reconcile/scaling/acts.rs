//! Does what the plan says. Each act is stored before or together with its effect, and may be repeated; one that fails
//! holds up no other.
//!
//! Promise: an instance is told to end only when it was settled in an earlier round that its agent is given no more
//! builds, and when the agent has none, by memory and by what is stored.

use super::Tended;
use crate::fleets::launch::{LaunchRecord, Launches};
use crate::fleets::view::{Sighting, owner};
use crate::fleets::{FleetSettings, Hosting};
use crate::{Error, Service};
use buildyard_model::{AgentId, FleetEvent, FleetEventKind, InstanceId, Ticket, Timestamp};
use buildyard_provision::{Error as PlaceError, Instance, InstanceState, Launch, Provisioner};
use buildyard_scheduler::scaling::Action;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// What a provisioner gets to start instances.
const CALL: Duration = Duration::from_secs(60);
/// An agent's name has at most 63 characters, eight of which are its own.
const LONGEST_PREFIX: usize = 54;
/// Between two tries at a launch that failed, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// One round's acts.
pub(super) struct Acts<'a> {
    pub(super) service: &'a Service,
    pub(super) tended: &'a mut Tended,
    pub(super) provisioner: &'a Arc<dyn Provisioner>,
    pub(super) hosting: &'a Hosting,
    pub(super) settings: &'a FleetSettings,
}

impl<'a> Acts<'a> {
    pub(super) async fn perform(&mut self, actions: &[Action], sighting: &Sighting) {
        if let Some(error) = self.tended.endings.ended() {
            self.tended.trouble = Some(error);
        }
        self.told("its instances noted", self.note_instances(sighting).await);
        for instance in self.unended(sighting) {
            self.end(&instance);
        }
        for action in actions {
            let done = self.act(action, sighting).await;
            self.told("its plan followed", done);
        }
        let asked = self.ask_again().await;
        self.told("its launches repeated", asked);
    }

    async fn act(&mut self, action: &Action, sighting: &Sighting) -> Result<(), Error> {
        match action {
            Action::Launch { count, reason } => self.launch(*count, reason).await,
            Action::Drain { agent, reason } => self.drain(agent, reason).await,
            Action::Undrain { agent, reason } => self.undrain(agent, reason).await,
            Action::Terminate { instance, reason } => {
                if self.may_end(instance, reason, sighting).await? {
                    self.end(instance);
                }
                Ok(())
            }
            Action::Forget { ticket, reason } => self.forget(*ticket, reason).await,
        }
    }

    /// Says what could not be done. The next round plans it anew.
    pub(super) fn told(&self, what: &str, done: Result<(), Error>) {
        if let Err(error) = done {
            tracing::error!(fleet = %self.tended.name, %error, "a fleet cannot have {what}");
        }
    }

    /// Remembers which instances came of which launches.
    pub(super) async fn note_instances(&self, sighting: &Sighting) -> Result<(), Error> {
        let is_news =
            |instance: &&Instance| owner(&sighting.launches, instance).is_some_and(|launch| launch.instance.is_none());
        let news: Vec<&Instance> = sighting.listed.iter().flatten().filter(is_news).collect();
        if news.is_empty() {
            return Ok(());
        }
        let _turn = self.launches().turn().await;
        let launches = self.launches().of(&self.tended.name);
        let found = news.into_iter().filter_map(|instance| {
            let launch = owner(&launches, instance).filter(|launch| launch.instance.is_none())?;
            Some(LaunchRecord { instance: Some(instance.id.clone()), confirmed: true, ..launch.clone() })
        });
        let found: Vec<LaunchRecord> = found.collect();
        self.service.keep_launches(&found, &[]).await
    }

    fn launches(&self) -> &'a Launches {
        &self.service.inner.fleets.launches
    }

    async fn launch(&mut self, count: u32, reason: &str) -> Result<(), Error> {
        let now = self.service.now();
        let launches: Vec<LaunchRecord> = (0..count).map(|_| self.fresh(now)).collect::<Result<_, _>>()?;
        let events: Vec<FleetEvent> =
            launches.iter().map(|launch| self.event(FleetEventKind::Launched, Some(launch), reason)).collect();
        self.service.keep_launches(&launches, &events).await?;
        self.tended.last_event = events.last().cloned();
        self.tended.memory.launched(launches.len(), now);
        self.service.inner.metrics.launched(&self.tended.name, count);
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
                let _turn = self.launches().turn().await;
                let known = launches.iter().filter_map(|launch| self.launches().get(&launch.ticket));
                let confirmed: Vec<_> = known.map(|launch| LaunchRecord { confirmed: true, ..launch }).collect();
                self.service.keep_launches(&confirmed, &[]).await
            }
            Err(error) => {
                tracing::warn!(fleet = %self.tended.name, %error, "instances could not be launched");
                self.service.inner.metrics.launch_failed(&self.tended.name, kind(&error), launches.len());
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
        let launches = self.launches().of(&self.tended.name).into_iter();
        let open: Vec<LaunchRecord> = launches
            .filter(|launch| !launch.confirmed && launch.joined_at.is_none() && launch.ending_since.is_none())
            .collect();
        if open.is_empty() { Ok(()) } else { self.ask(open).await }
    }

    pub(super) async fn drain(&mut self, agent: &AgentId, reason: &str) -> Result<(), Error> {
        let stays = |launch: &LaunchRecord| launch.leaving_since.is_none();
        if self.own(agent).filter(stays).is_none() {
            return Ok(());
        }
        self.service.set_retiring(agent, true).await;
        let builds = self.service.in_hands(agent).0;
        let taken_back = self.service.take_offers_back(agent, reason).await;
        let stored = async {
            let _turn = self.launches().turn().await;
            let Some(launch) = self.own(agent).filter(stays) else { return Ok(None) };
            let event = FleetEvent { builds, taken_back, ..self.event(FleetEventKind::Drained, Some(&launch), reason) };
            let drained = LaunchRecord { leaving_since: Some(self.service.now()), ..launch };
            self.service.keep_launches(&[drained], std::slice::from_ref(&event)).await.map(|()| Some(event))
        };
        let stored: Result<Option<FleetEvent>, Error> = stored.await;
        match stored {
            Ok(event) => self.tended.last_event = event.or(self.tended.last_event.take()),
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
        let event = {
            let _turn = self.launches().turn().await;
            let Some(launch) = self.own(agent).filter(going) else { return Ok(()) };
            let builds = self.service.in_hands(agent).0;
            let event = FleetEvent { builds, ..self.event(FleetEventKind::Undrained, Some(&launch), reason) };
            let back = LaunchRecord { leaving_since: None, ..launch };
            self.service.keep_launches(&[back], std::slice::from_ref(&event)).await?;
            event
        };
        self.tended.last_event = Some(event);
        self.service.set_retiring(agent, false).await;
        tracing::info!(agent.id = %agent, reason, "agent takes builds again");
        Ok(())
    }

    /// Whether the instance may be told to end now, which is then remembered.
    pub(super) async fn may_end(
        &mut self,
        instance: &InstanceId,
        reason: &str,
        sighting: &Sighting,
    ) -> Result<bool, Error> {
        let listed = sighting.listed.iter().flatten().find(|listed| listed.id == *instance);
        // It may have been drained, or its agent have joined, since the round began.
        let current = || {
            let launches = self.launches().of(&self.tended.name);
            listed.and_then(|listed| owner(&launches, listed).cloned())
        };
        let Some(launch) = current() else {
            if self.tended.strangers.insert(instance.clone()) {
                let event = self.event(FleetEventKind::Terminated, None, reason);
                self.note(FleetEvent { instance: Some(instance.to_string()), ..event }).await?;
            }
            return Ok(true);
        };
        if launch.ending_since.is_some() {
            return Ok(false);
        }
        let connected = self.service.inner.sessions.get(&launch.agent).is_some();
        if launch.leaving_since.is_none() {
            if !connected {
                self.leave(&launch).await?;
            }
            return Ok(false);
        }
        self.service.set_retiring(&launch.agent, true).await;
        let builds = self.service.in_hands(&launch.agent).0;
        if builds > 0 || self.service.stored_builds(&launch.agent).await? > 0 {
            return Ok(false);
        }
        let now = self.service.now();
        let _turn = self.launches().turn().await;
        // Taken back into service, or joined anew, in this very moment.
        let Some(launch) = current().filter(|now| now.agent == launch.agent && now.leaving_since.is_some()) else {
            return Ok(false);
        };
        let event = self.event(FleetEventKind::Terminated, Some(&launch), reason);
        let event = FleetEvent { instance: Some(instance.to_string()), ..event };
        let ended = LaunchRecord { ending_since: Some(now), instance: Some(instance.clone()), ..launch };
        self.service.keep_launches(&[ended], std::slice::from_ref(&event)).await?;
        if connected {
            self.tended.memory.scaled_in_at = Some(now);
        }
        self.tended.last_event = Some(event);
        Ok(true)
    }

    /// Settles that the agent is given nothing more, should it come now: the instance ends in a later round.
    async fn leave(&self, launch: &LaunchRecord) -> Result<(), Error> {
        let _turn = self.launches().turn().await;
        let Some(launch) = self.launches().get(&launch.ticket) else { return Ok(()) };
        let leaving = LaunchRecord { leaving_since: launch.leaving_since.or(Some(self.service.now())), ..launch };
        self.service.keep_launches(&[leaving], &[]).await
    }

    /// Lets an instance end although its agent may have builds. Says whether it is news.
    pub(super) async fn must_end(&mut self, listed: &Instance, reason: &str, seen: &Sighting) -> Result<bool, Error> {
        let Some(ticket) = owner(&seen.launches, listed).map(|launch| launch.ticket) else { return Ok(true) };
        let _turn = self.launches().turn().await;
        let launch = self.launches().get(&ticket).filter(|launch| launch.ending_since.is_none());
        let Some(launch) = launch else { return Ok(false) };
        let builds = self.service.in_hands(&launch.agent).0;
        let event = self.event(FleetEventKind::Terminated, Some(&launch), reason);
        let event = FleetEvent { instance: Some(listed.id.to_string()), builds, ..event };
        let (now, instance) = (Some(self.service.now()), Some(listed.id.clone()));
        let leaving_since = launch.leaving_since.or(now);
        let ended = LaunchRecord { ending_since: now, leaving_since, instance, ..launch };
        self.service.keep_launches(&[ended], std::slice::from_ref(&event)).await?;
        self.tended.last_event = Some(event);
        Ok(true)
    }

    /// Instances that were told to end and that run on: the provisioner failed, or the coordinator ended in between.
    pub(super) fn unended(&self, sighting: &Sighting) -> Vec<InstanceId> {
        let runs_on = |instance: &&Instance| {
            let launch = owner(&sighting.launches, instance);
            instance.state != InstanceState::Stopping && launch.is_some_and(|launch| launch.ending_since.is_some())
        };
        sighting.listed.iter().flatten().filter(runs_on).map(|instance| instance.id.clone()).collect()
    }

    pub(super) fn end(&mut self, instance: &InstanceId) {
        self.tended.endings.begin(&self.tended.name, instance, self.provisioner);
    }

    async fn forget(&mut self, ticket: Ticket, reason: &str) -> Result<(), Error> {
        let launch = {
            let _turn = self.launches().turn().await;
            let Some(launch) = self.launches().get(&ticket).filter(|launch| launch.joined_at.is_none()) else {
                return Ok(());
            };
            let event = self.event(FleetEventKind::Forgotten, Some(&launch), reason);
            self.service.drop_launch(&launch, &event).await?;
            self.tended.last_event = Some(event);
            launch
        };
        self.service.inner.metrics.launch_failed(&self.tended.name, "not_joined", 1);
        self.tended.memory.failed(self.service.now());
        self.tended.trouble = Some(PlaceError::Unavailable(format!("agent {}: {reason}", launch.agent)));
        self.service.forget_agent(&launch.agent).await
    }

    fn own(&self, agent: &AgentId) -> Option<LaunchRecord> {
        let launch = self.launches().of_agent(agent)?;
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

/// The failure as a label.
fn kind(error: &PlaceError) -> &'static str {
    match error {
        PlaceError::Refused(_) => "refused",
        PlaceError::Unavailable(_) => "unavailable",
    }
}
