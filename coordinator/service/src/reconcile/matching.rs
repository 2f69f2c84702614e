//! Gives waiting builds to agents. Reads nothing from the store: `load` knows who waits and who has room.

use super::leases::refresh;
use super::troubled::Troubled;
use crate::commit::Applied;
use crate::{Error, Service};
use buildyard_scheduler::Event;
use buildyard_scheduler::placement::Assignment;
use std::time::Duration;

/// Grants of one round, which are committed together.
const ROUND: usize = 256;
/// A round without a ring.
const EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(service: &Service) {
    let mut troubled = Troubled::default();
    loop {
        try_again(service, &mut troubled).await;
        // More may fit than one round grants, and what could not be granted left room.
        if round(service, &mut troubled).await == 0 {
            let _ = tokio::time::timeout(EVERY, service.inner.match_bell.notified()).await;
        }
    }
}

/// Grants what fits, and says how many grants were tried.
async fn round(service: &Service, troubled: &mut Troubled) -> usize {
    let _granting = service.inner.granting.lock().await;
    let assignments = service.inner.load.round(&service.inner.sessions, ROUND, service.now());
    let granted: Vec<_> = assignments.iter().map(|assignment| assignment.build.clone()).collect();
    service.foresee(&granted).await;
    // The store makes them one write.
    let grants = futures::future::join_all(assignments.iter().map(|assignment| grant(service, assignment))).await;
    for (assignment, granted) in assignments.iter().zip(grants) {
        if let Err(error) = granted {
            service.inner.load.forget(&assignment.build, service.now());
            troubled.note(&assignment.build, &error, "a waiting build cannot be granted");
        }
    }
    assignments.len()
}

/// Lets builds wait again that could not be granted some time ago.
async fn try_again(service: &Service, troubled: &mut Troubled) {
    for build in troubled.rested() {
        if let Err(error) = refresh(service, &build).await {
            troubled.note(&build, &error, "a waiting build cannot be read");
        }
    }
}

async fn grant(service: &Service, assignment: &Assignment) -> Result<(), Error> {
    match service.apply(&assignment.build, Event::Lease { agent: assignment.agent.clone() }).await? {
        Applied::Done(build) => {
            // The agent may have gone between the choice and the offer.
            if service.inner.sessions.get(&assignment.agent).is_none() {
                let _ = service.apply(&build.spec.id, Event::OfferExpired).await;
            }
        }
        // Somebody else was faster: the build is where it is.
        Applied::Rejected(_, build) => service.note(&build),
    }
    Ok(())
}
