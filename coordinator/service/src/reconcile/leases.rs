//! Ends what hangs in the air: offers nobody takes, stops nobody confirms, builds of lost agents.
//!
//! Each second it looks at the tenures that `load` keeps in memory, and reads from the store only what seems due. Now
//! and then it compares them with the store, so that a change that was not heard of (another coordinator's) costs time
//! and nothing else. What is due by memory is decided anew on the build as it is stored.

use super::troubled::Troubled;
use crate::tenure::Tenure;
use crate::{Error, Kind, Service};
use buildyard_model::{AgentId, BuildId, Timestamp};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const EVERY: Duration = Duration::from_secs(1);
/// How often memory is compared with the store.
const COMPARE_EVERY: Duration = Duration::from_secs(30);

pub(super) async fn run(service: &Service) {
    let mut troubled = Troubled::default();
    // Memory was filled from the store just now.
    let mut compared = Instant::now();
    loop {
        round(service, &mut troubled).await;
        if compared.elapsed() >= COMPARE_EVERY {
            compared = Instant::now();
            if let Err(error) = compare(service).await {
                tracing::error!(%error, "the builds in agents' hands could not be compared with the store");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(service: &Service, troubled: &mut Troubled) {
    cut_off_silent_agents(service);
    let absent = absent_agents(service).await;
    let seems_due = service.inner.load.filter(|tenure| due(service, tenure, &absent).is_some());
    for build in seems_due {
        if troubled.rests(&build) {
            continue;
        }
        if let Err(error) = end(service, &build, &absent).await {
            troubled.note(&build, &error, "a build whose agent's time is over cannot be taken from it");
        }
    }
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

/// Agents with builds that are not connected, and for how long nothing was heard of them while we were up. One of which
/// nothing can be read is not counted as absent.
async fn absent_agents(service: &Service) -> HashMap<AgentId, Duration> {
    let mut absent = HashMap::new();
    for agent in service.inner.load.holders() {
        if service.inner.sessions.get(&agent).is_some() {
            continue;
        }
        match service.store().agent(&agent).await {
            Ok(record) => {
                let last_seen = record.map_or(Timestamp(0), |record| record.last_seen);
                absent.insert(agent, service.now().since(last_seen.max(service.inner.started_at)));
            }
            Err(error) => tracing::error!(agent.id = %agent, %error, "an absent agent's record cannot be read"),
        }
    }
    absent
}

fn due(service: &Service, tenure: &Tenure, absent: &HashMap<AgentId, Duration>) -> Option<buildyard_scheduler::Event> {
    let absence = absent.get(&tenure.agent).copied();
    tenure.due(absence, service.now(), service.inner.started_at, &service.settings().timings)
}

/// Ends the build's tenure, if it is due by what is stored.
async fn end(service: &Service, id: &BuildId, absent: &HashMap<AgentId, Duration>) -> Result<(), Error> {
    let Some(build) = refresh(service, id).await? else { return Ok(()) };
    if let Some(event) = Tenure::of(&build).and_then(|tenure| due(service, &tenure, absent)) {
        tracing::warn!(build.id = %id, ?event, "a build is taken from its agent");
        service.apply(id, event).await?;
    }
    Ok(())
}

/// Brings memory in line with the store, where they differ.
async fn compare(service: &Service) -> Result<(), Error> {
    let mut known = service.inner.load.versions();
    let stored = service.store().active().await?;
    let differing = stored.iter().filter(|build| known.remove(&build.spec.id) != Some(build.version));
    let mut differing: Vec<BuildId> = differing.map(|build| build.spec.id.clone()).collect();
    differing.extend(known.into_keys());
    // Read again one by one: each may have changed since.
    for build in differing {
        if let Err(error) = refresh(service, &build).await {
            tracing::error!(build.id = %build, %error, "a build cannot be read");
        }
    }
    Ok(())
}

/// Takes note of the build as it is stored, or of its absence.
pub(super) async fn refresh(service: &Service, id: &BuildId) -> Result<Option<buildyard_scheduler::Build>, Error> {
    match service.load(id).await {
        Ok(build) => {
            service.note(&build);
            Ok(Some(build))
        }
        Err(error) if error.kind == Kind::NotFound => {
            service.inner.load.forget(id, service.now());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
