//! Gives waiting builds to agents.

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
    loop {
        match round(service).await {
            // More may fit than one round looks at.
            Ok(placed) if placed > 0 => {}
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

async fn round(service: &Service) -> Result<usize, Error> {
    let mut agents = accepting(service);
    if agents.is_empty() {
        return Ok(0);
    }
    let waiting = service.store().waiting(ROUND).await?;
    let assignments = place(&waiting, &mut agents, service.now());
    // Grants of one round are committed together; the store makes them one write.
    let placed = futures::future::join_all(assignments.iter().map(|assignment| grant(service, assignment))).await;
    Ok(placed.into_iter().filter(|granted| *granted).count())
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

async fn grant(service: &Service, assignment: &Assignment) -> bool {
    match service.apply(&assignment.build, Event::Lease { agent: assignment.agent.clone() }).await {
        Ok(Applied::Done(build)) => {
            // The agent may have gone between the choice and the offer.
            if service.inner.sessions.get(&assignment.agent).is_none() {
                let _ = service.apply(&build.spec.id, Event::OfferExpired).await;
            }
            true
        }
        Ok(Applied::Rejected(..)) => false,
        Err(error) => {
            tracing::warn!(build.id = %assignment.build, %error, "the build could not be granted");
            false
        }
    }
}
