//! Ends builds that waited longer than their queue time-out.

use super::troubled::Troubled;
use crate::{Error, Service};
use buildyard_scheduler::Event;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(service: &Service) {
    let mut troubled = Troubled::default();
    loop {
        if let Err(error) = round(service, &mut troubled).await {
            tracing::error!(%error, "the queue could not be looked after");
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
