//! Gives waiting builds to agents.

use super::troubled::Troubled;
use crate::commit::Applied;
use crate::{Error, Service};
use buildyard_scheduler::Event;
use buildyard_scheduler::placement::{AgentLoad, Assignment, place};
use std::time::Duration;

/// Waiting builds looked at in one round.
const ROUND: u32 = 256;
/// A round without a ring.
const EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(service: &Service) {
    let mut troubled = Troubled::default();
    loop {
        match round(service, &mut troubled).await {
            // More may fit than one round looks at, and what could not be granted left room.
            Ok(tried) if tried > 0 => {}
            Ok(_) => {
                let _ = tokio::time::timeout(EVERY, service.inner.match_bell.notified()).await;
            }
            Err(error) => {
                tracing::error!(%error, "matching failed");
                tokio::time::sleep(EVERY).await;
            }
        }
    }
}

/// Says how many grants were made or failed: after both another round may place more.
async fn round(service: &Service, troubled: &mut Troubled) -> Result<usize, Error> {
    let _granting = service.inner.granting.lock().await;
    let mut agents = accepting(service);
    if agents.is_empty() {
        return Ok(0);
    }
    let mut waiting = service.store().waiting(ROUND).await?;
    waiting.retain(|candidate| !troubled.rests(&candidate.build));
    let assignments = place(&waiting, &mut agents, service.now());
    // Grants of one round are committed together; the store makes them one write.
    let grants = futures::future::join_all(assignments.iter().map(|assignment| grant(service, assignment))).await;
    let mut tried = 0;
    for (assignment, granted) in assignments.iter().zip(grants) {
        match granted {
            Ok(true) => tried += 1,
            Ok(false) => {}
            Err(error) => {
                troubled.note(&assignment.build, &error, "a waiting build cannot be granted");
                tried += 1;
            }
        }
    }
    Ok(tried)
}

fn accepting(service: &Service) -> Vec<AgentLoad> {
    let now = service.now();
    let free = service.inner.sessions.all().into_iter().filter(|(_, session)| session.accepting(now));
    free.map(|(agent, session)| {
        let (builds, used) = service.inner.load.of(&agent);
        AgentLoad { agent, capacity: session.capacity, builds, used }
    })
    .filter(|load| load.builds < load.capacity.slots)
    .collect()
}

async fn grant(service: &Service, assignment: &Assignment) -> Result<bool, Error> {
    match service.apply(&assignment.build, Event::Lease { agent: assignment.agent.clone() }).await? {
        Applied::Done(build) => {
            // The agent may have gone between the choice and the offer.
            if service.inner.sessions.get(&assignment.agent).is_none() {
                let _ = service.apply(&build.spec.id, Event::OfferExpired).await;
            }
            Ok(true)
        }
        Applied::Rejected(..) => Ok(false),
    }
}
