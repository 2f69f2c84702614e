//! Ends what hangs in the air: offers nobody takes, stops nobody confirms, builds of lost agents.

use crate::{Error, Service};
use buildyard_model::{AgentId, Timestamp};
use buildyard_scheduler::{Build, Event, State};
use std::collections::HashMap;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);
/// How much longer than its time-out a build may run before its agent counts as broken (invariant I2).
const OVERTIME: Duration = Duration::from_secs(120);

pub(super) async fn run(service: &Service) {
    loop {
        if let Err(error) = round(service).await {
            tracing::error!(%error, "leases could not be looked after");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(service: &Service) -> Result<(), Error> {
    cut_off_silent_agents(service);
    let now = service.now();
    let active = service.store().active().await?;
    if active.is_empty() {
        return Ok(());
    }
    let absent = absent_agents(service, &active, now).await?;
    for build in &active {
        if let Some(event) = due(service, build, &absent, now) {
            tracing::warn!(build.id = %build.spec.id, ?event, "a build is taken from its agent");
            service.apply(&build.spec.id, event).await?;
        }
    }
    Ok(())
}

/// An agent that has not been heard for too long is not connected, whatever TCP says.
fn cut_off_silent_agents(service: &Service) {
    let (now, lost_after) = (service.now(), service.settings().timings.lost_after);
    for (agent, session) in service.inner.sessions.all() {
        if now.since(session.last_seen) > lost_after {
            service.disconnected(&agent, session.number);
        }
    }
}

/// Agents with builds that are not connected, and for how long nothing was heard of them while we were up.
async fn absent_agents(
    service: &Service,
    active: &[Build],
    now: Timestamp,
) -> Result<HashMap<AgentId, Duration>, Error> {
    let mut absent = HashMap::new();
    for agent in active.iter().filter_map(|build| build.agent.as_ref()) {
        if absent.contains_key(agent) || service.inner.sessions.get(agent).is_some() {
            continue;
        }
        let last_seen = service.store().agent(agent).await?.map_or(Timestamp(0), |record| record.last_seen);
        absent.insert(agent.clone(), now.since(last_seen.max(service.inner.started_at)));
    }
    Ok(absent)
}

/// What time has come for, if anything.
fn due(service: &Service, build: &Build, absent: &HashMap<AgentId, Duration>, now: Timestamp) -> Option<Event> {
    let timings = &service.settings().timings;
    let absence = build.agent.as_ref().and_then(|agent| absent.get(agent));
    let in_grace = now.since(service.inner.started_at) < timings.start_grace;
    let lost = !in_grace && absence.is_some_and(|absence| *absence > timings.lost_after);
    let waited = Service::waiting_since(build).map(|since| now.since(since.max(service.inner.started_at)));
    match &build.state {
        State::Leased { .. } if waited? > timings.accept_within => Some(Event::OfferExpired),
        State::Stopping { .. } if waited? > timings.stop_within || (absence.is_some() && !in_grace) => {
            Some(Event::StopExpired)
        }
        State::Running { lease, .. } if lost => Some(Event::Lost {
            reason: format!("agent {} was lost: no sign of life for {} s", lease.agent, absence?.as_secs()),
        }),
        State::Running { lease, since }
            if now.since(*since) > Duration::from_secs(build.spec.timeout_seconds) + OVERTIME =>
        {
            Some(Event::Lost { reason: format!("agent {} did not end the build at its time-out", lease.agent) })
        }
        _ => None,
    }
}
