//! Performs durable effects, at least once each, oldest first. One that fails is tried again and holds up no other.

use crate::{Error, Service};
use buildyard_scheduler::Effect;
use buildyard_store::OutboxEntry;
use std::time::Duration;

const ROUND: u32 = 100;
const EVERY: Duration = Duration::from_secs(10);

pub(super) async fn run(service: &Service) {
    loop {
        let whole = round(service).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the outbox could not be read");
            false
        });
        if !whole {
            let _ = tokio::time::timeout(EVERY, service.inner.outbox_bell.notified()).await;
        }
    }
}

/// Says whether a full round was done without failure, so that there may be more.
async fn round(service: &Service) -> Result<bool, Error> {
    let entries = service.store().pending(ROUND).await?;
    let meters = |entry: &&OutboxEntry| matches!(entry.effect, Effect::Meter { .. });
    let mut done = 0;
    if entries.iter().any(|entry| meters(&entry)) {
        // All at once: they are many, and change few documents.
        match service.meter(ROUND).await {
            Ok(_) => done += entries.iter().filter(meters).count(),
            Err(error) => tracing::warn!(%error, "usage could not be counted and will be tried again"),
        }
    }
    for entry in entries.iter().filter(|entry| !meters(entry)) {
        match perform(service, entry).await {
            Ok(()) => done += 1,
            Err(error) => tracing::warn!(effect = ?entry.effect, %error, "an effect failed and will be tried again"),
        }
    }
    Ok(done == entries.len() && done == ROUND as usize)
}

async fn perform(service: &Service, entry: &OutboxEntry) -> Result<(), Error> {
    match &entry.effect {
        Effect::DropUploads { token } => service.drop_uploads(token).await?,
        Effect::DropLogs { build } => service.drop_logs(build).await?,
        Effect::ExportLog { build } => service.export_log(build).await?,
        // The entry is removed together with the build's creation.
        Effect::Retry { of, number } => return service.repeat(of, *number, entry.id).await,
        // Done before, all together.
        Effect::Meter { .. } => return Ok(()),
        Effect::Match
        | Effect::Offer { .. }
        | Effect::SendStop { .. }
        | Effect::Revoke { .. }
        | Effect::Freed { .. } => {}
    }
    Ok(service.store().done(entry.id).await?)
}
