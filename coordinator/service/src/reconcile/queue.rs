//! Looks after what waits: ends builds that waited longer than their queue time-out, and compares the queue in memory
//! with the store's now and then, so that a change that was not heard of costs time and nothing else.

use super::leases::refresh;
use super::troubled::Troubled;
use crate::{Error, Service};
use buildyard_scheduler::Event;
use std::time::Duration;
use tokio::time::Instant;

const EVERY: Duration = Duration::from_secs(2);
/// How often memory is compared with the store.
const COMPARE_EVERY: Duration = Duration::from_secs(30);
/// Waiting builds in one read.
const PAGE: u32 = 1000;
/// Builds that ended lately, of which durations are learned at the start.
const LEARNED: u32 = 500;

pub(super) async fn run(service: &Service) {
    let mut troubled = Troubled::default();
    // Memory was filled from the store just now.
    let mut compared = Instant::now();
    loop {
        if let Err(error) = round(service, &mut troubled).await {
            tracing::error!(%error, "the queue could not be looked after");
        }
        if compared.elapsed() >= COMPARE_EVERY {
            compared = Instant::now();
            if let Err(error) = compare(service).await {
                tracing::error!(%error, "the waiting builds could not be compared with the store");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(service: &Service, troubled: &mut Troubled) -> Result<(), Error> {
    for build in service.store().overdue(service.now()).await? {
        if troubled.rests(&build) {
            continue;
        }
        if let Err(error) = service.apply(&build, Event::QueueTimeout).await {
            troubled.note(&build, &error, "a build that waited too long cannot be ended");
        }
    }
    Ok(())
}

/// Fills memory with what waits and with how long the newest builds took.
pub(super) async fn fill(service: &Service) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let page = service.store().waiting(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        page.into_iter().for_each(|(_, candidate)| service.inner.load.enter(candidate, service.now()));
    }
    let query = buildyard_store::ListQuery { project: None, limit: LEARNED, after: None };
    let newest = service.store().list(&query).await.inspect_err(|error| {
        tracing::error!(%error, "the newest builds cannot be read, so that nothing can be learned of their durations");
    });
    newest.unwrap_or_default().iter().rev().for_each(|build| service.inner.load.learn(build));
    Ok(())
}

/// Brings memory in line with the store, where they differ. Most of the time the count says that they do not.
async fn compare(service: &Service) -> Result<(), Error> {
    if usize::try_from(service.store().depth().await?).ok() == Some(service.inner.load.depth()) {
        return Ok(());
    }
    let mut known = service.inner.load.waiting();
    let (mut after, mut differing) = (0, Vec::new());
    loop {
        let page = service.store().waiting(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        let builds = page.into_iter().map(|(_, candidate)| candidate.build);
        differing.extend(builds.filter(|build| !known.remove(build)));
    }
    differing.extend(known);
    // Read again one by one: each may have changed since.
    for build in differing {
        if let Err(error) = refresh(service, &build).await {
            tracing::error!(build.id = %build, %error, "a build cannot be read");
        }
    }
    service.inner.match_bell.notify_one();
    Ok(())
}
