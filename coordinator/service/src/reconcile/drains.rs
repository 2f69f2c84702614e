//! Takes builds from agents whose drain is over its deadline.

use crate::Service;
use buildyard_model::{Timestamp, Withdrawal};
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(service: &Service) {
    loop {
        round(service).await;
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(service: &Service) {
    let now = service.now();
    for (agent, session) in service.inner.sessions.all() {
        let Some(reason) = session.withdrawn.as_ref().and_then(|withdrawal| overdue(withdrawal, now)) else { continue };
        if let Err(error) = service.evict(&agent, &reason, false).await {
            tracing::error!(agent.id = %agent, %error, "the builds of a drained agent cannot be taken from it");
        }
    }
}

/// Why the builds that are left are to go, once they are.
fn overdue(withdrawal: &Withdrawal, now: Timestamp) -> Option<String> {
    let deadline = withdrawal.deadline.filter(|deadline| *deadline <= now)?;
    let given = deadline.since(withdrawal.since).as_secs();
    Some(format!("it {}, and the {given} s that its builds had to end are over", withdrawal.words()))
}
