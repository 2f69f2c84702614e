//! What happened in fleets: one document each, by fleet and time, kept for [`KEPT`].

use crate::records::{read, removal, write};
use crate::{Error, Service};
use buildyard_model::{FleetEvent, FleetName, Timestamp};
use buildyard_store::{Change, DocumentKind, Expected};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long history is kept.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// Events forgotten in one change.
const AT_ONCE: u32 = 500;

impl Service {
    /// The change that remembers an event.
    pub(crate) fn event_change(&self, event: &FleetEvent) -> Result<Change, Error> {
        let number = self.inner.fleets.events.fetch_add(1, Ordering::Relaxed);
        // The start's time keeps those of two coordinators' lives apart.
        let started = self.inner.started_at.0;
        let key = format!("{}-{started:013}-{number:08}", moment(&event.fleet, event.at));
        write(DocumentKind::FleetEvent, &key, event, Expected::Anything)
    }

    /// Remembers an event.
    pub(crate) async fn note_event(&self, event: &FleetEvent) -> Result<(), Error> {
        Ok(self.store().change(&[self.event_change(event)?]).await?)
    }

    /// The newest events, oldest first: of one fleet or of all, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn fleet_history(&self, fleet: Option<&FleetName>, limit: usize) -> Result<Vec<FleetEvent>, Error> {
        let prefix = fleet.map_or_else(String::new, |fleet| format!("{fleet}/"));
        let (mut events, mut after) = (Vec::new(), String::new());
        loop {
            let some = self.store().documents(DocumentKind::FleetEvent, &prefix, &after, AT_ONCE).await?;
            let Some(last) = some.last() else { break };
            after.clone_from(&last.key);
            for document in &some {
                events.push(read::<FleetEvent>(DocumentKind::FleetEvent, document)?);
            }
            // Of each fleet the newest come last, so only one fleet's older ones can be let go early.
            if fleet.is_some() && events.len() > limit {
                events.drain(..events.len() - limit);
            }
        }
        events.sort_by_key(|event| event.at);
        let from = events.len().saturating_sub(limit);
        Ok(events.split_off(from))
    }

    /// Forgets what is older than [`KEPT`].
    pub(crate) async fn prune_history(&self, fleet: &FleetName) -> Result<(), Error> {
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        let oldest = moment(fleet, Timestamp(self.now().0.saturating_sub(kept).max(0)));
        loop {
            let some = self.store().documents(DocumentKind::FleetEvent, &format!("{fleet}/"), "", AT_ONCE).await?;
            let old = some.iter().filter(|document| document.key < oldest);
            let changes: Vec<Change> = old.map(|document| removal(DocumentKind::FleetEvent, &document.key)).collect();
            if changes.is_empty() {
                return Ok(());
            }
            self.store().change(&changes).await?;
        }
    }
}

/// `<fleet>/<milliseconds>`, in the order of time.
fn moment(fleet: &FleetName, at: Timestamp) -> String {
    format!("{fleet}/{:013}", at.0.max(0))
}
