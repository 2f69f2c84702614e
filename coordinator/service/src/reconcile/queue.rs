//! Ends builds that waited longer than their queue time-out.

use crate::{Error, Service};
use buildyard_scheduler::Event;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(service: &Service) {
    loop {
        if let Err(error) = round(service).await {
            tracing::error!(%error, "the queue could not be looked after");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(service: &Service) -> Result<(), Error> {
    for build in service.store().overdue(service.now()).await? {
        service.apply(&build, Event::QueueTimeout).await?;
    }
    Ok(())
}
