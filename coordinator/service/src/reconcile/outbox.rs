//! Performs durable effects, at least once each, oldest first. One that fails is tried again, later each time, and holds
//! up no other, however many fail.

use crate::{Error, Service};
use buildyard_scheduler::Effect;
use buildyard_store::OutboxEntry;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

const PAGE: u32 = 100;
const EVERY: Duration = Duration::from_secs(10);
/// Between two tries at an effect, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// Effects that failed: how often, and until when they are left alone.
#[derive(Debug, Default)]
struct Failed(HashMap<u64, (u32, Instant)>);

impl Failed {
    fn rests(&self, entry: &OutboxEntry) -> bool {
        self.0.get(&entry.id).is_some_and(|(_, until)| *until > Instant::now())
    }

    fn note(&mut self, entry: &OutboxEntry, error: &Error) {
        tracing::warn!(effect = ?entry.effect, %error, "an effect failed and will be tried again");
        let (tries, until) = self.0.entry(entry.id).or_insert((0, Instant::now()));
        *until = Instant::now() + RETRY.0.saturating_mul(1 << (*tries).min(8)).min(RETRY.1);
        *tries += 1;
    }
}

pub(super) async fn run(service: &Service) {
    let mut failed = Failed::default();
    loop {
        if let Err(error) = round(service, &mut failed).await {
            tracing::error!(%error, "the outbox could not be read");
        }
        let _ = tokio::time::timeout(EVERY, service.inner.outbox_bell.notified()).await;
    }
}

/// Tries once whatever is there.
async fn round(service: &Service, failed: &mut Failed) -> Result<(), Error> {
    let mut after = 0;
    let mut seen = HashSet::new();
    loop {
        let entries = service.store().pending(after, PAGE).await?;
        let Some(last) = entries.last() else { break };
        seen.extend(entries.iter().map(|entry| entry.id));
        if entries.iter().any(|entry| matches!(entry.effect, Effect::Meter { .. }))
            // All at once: they are many, and change few documents.
            && let Err(error) = service.meter(after, PAGE).await
        {
            tracing::warn!(%error, "usage could not be counted and will be tried again");
        }
        after = last.id;
        for entry in &entries {
            if failed.rests(entry) {
                continue;
            }
            if let Err(error) = perform(service, entry).await {
                failed.note(entry, &error);
            }
        }
    }
    failed.0.retain(|id, _| seen.contains(id));
    Ok(())
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
