//! Ends fleets together with their coordinator: nothing is launched any more, agents are drained, and each instance ends
//! when its agent has no build, or at once.
//!
//! What waits in the queue stays there. Invariant: a fleet counts as closed only when its place lists no instance of it
//! and no launch of it is remembered, both in one round.

use super::acts::Acts;
use crate::fleets::launch::LaunchRecord;
use crate::fleets::view::{Sighting, owner};
use crate::{Error, Service};
use buildyard_model::{FleetName, Ticket};
use buildyard_provision::InstanceState;
use std::collections::BTreeSet;
use tokio::sync::watch;
use tokio::time::timeout;

const REASON: &str = "the coordinator ends";

/// How fleets end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closing {
    /// Builds that run are waited for.
    Patient,
    /// Builds that run are stopped.
    AtOnce,
}

/// Whether fleets are to end, and which have.
#[derive(Debug)]
pub(crate) struct Closings {
    wanted: watch::Sender<Option<Closing>>,
    closed: watch::Sender<BTreeSet<FleetName>>,
}

impl Default for Closings {
    fn default() -> Self {
        Self { wanted: watch::channel(None).0, closed: watch::channel(BTreeSet::new()).0 }
    }
}

impl Closings {
    pub(super) fn wanted(&self) -> Option<Closing> {
        *self.wanted.borrow()
    }

    pub(super) fn note(&self, fleet: &FleetName, is_closed: bool) {
        self.closed
            .send_if_modified(|closed| if is_closed { closed.insert(fleet.clone()) } else { closed.remove(fleet) });
    }
}

impl Service {
    /// Ends all instances of all fleets and waits until there is none. Called again, it may only become more urgent. It
    /// lasts for as long as builds run, or as a place does not answer: whoever calls decides how long to wait.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub async fn close_fleets(&self, how: Closing) -> Result<(), Error> {
        let closings = &self.inner.fleets.closings;
        closings.wanted.send_modify(|wanted| *wanted = (*wanted).max(Some(how)));
        self.inner.fleets.ring();
        let mut closed = closings.closed.subscribe();
        loop {
            let fleets = super::fleets(self).await?;
            if closed.borrow_and_update().is_superset(&fleets) {
                return Ok(());
            }
            let _ = timeout(super::EVERY, closed.changed()).await;
        }
    }
}

/// One round of a fleet that ends. Says whether nothing of it is left.
pub(super) async fn close(acts: &mut Acts<'_>, sighting: &Sighting, how: Closing) -> Result<bool, Error> {
    acts.note_instances(sighting).await?;
    let present = |launch: &LaunchRecord| acts.service.inner.sessions.get(&launch.agent).is_some();
    let leaving: Vec<_> = sighting.launches.iter().filter(|launch| present(launch)).cloned().collect();
    for launch in &leaving {
        acts.drain(&launch.agent, REASON).await?;
        if how == Closing::AtOnce {
            stop_builds(acts.service, launch).await?;
        }
    }
    let Some(listed) = &sighting.listed else { return Ok(false) };
    let mut ending = acts.unended(sighting);
    for instance in listed.iter().filter(|instance| instance.state != InstanceState::Stopping) {
        let ends = match how {
            Closing::Patient => acts.may_end(&instance.id, REASON, sighting).await?,
            Closing::AtOnce => acts.must_end(instance, REASON, sighting).await?,
        };
        if ends {
            ending.push(instance.id.clone());
        }
    }
    ending.iter().for_each(|instance| acts.end(instance));
    for launch in unborn(sighting) {
        if !sighting.holders.contains(&launch.agent) && !leaving.contains(launch) {
            super::ended::forget(acts, launch, REASON).await?;
        }
    }
    Ok(listed.is_empty() && acts.service.inner.fleets.launches.of(&acts.tended.name).is_empty())
}

/// Launches of which no instance is listed: theirs are gone, or never came.
fn unborn(sighting: &Sighting) -> impl Iterator<Item = &LaunchRecord> {
    let listed = sighting.listed.iter().flatten();
    let there: BTreeSet<Ticket> =
        listed.filter_map(|instance| owner(&sighting.launches, instance)).map(|launch| launch.ticket).collect();
    sighting.launches.iter().filter(move |launch| !there.contains(&launch.ticket))
}

async fn stop_builds(service: &Service, launch: &LaunchRecord) -> Result<(), Error> {
    for build in service.inner.load.builds(&launch.agent) {
        service.stop(&build).await?;
    }
    Ok(())
}
