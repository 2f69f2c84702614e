//! Forgets what is gone: the launch, and the agent that lived there.

use super::acts::Acts;
use crate::Error;
use crate::fleets::launch::LaunchRecord;
use crate::fleets::view::{Sighting, owner};
use buildyard_model::{AgentId, FleetEventKind, Ticket};
use std::collections::HashSet;
use std::time::Duration;

/// An instance that nobody ended and that is in no list counts as gone after so long: a list may lie for a while.
const GONE_AFTER: Duration = Duration::from_secs(60);

/// Forgets launches whose instances are gone and whose agents are not connected and hold no builds.
pub(super) async fn clear(acts: &mut Acts<'_>, sighting: &Sighting) {
    let Some(listed) = &sighting.listed else { return };
    let there: HashSet<Ticket> =
        listed.iter().filter_map(|instance| owner(&sighting.launches, instance)).map(|launch| launch.ticket).collect();
    acts.tended.strangers.retain(|stranger| listed.iter().any(|instance| instance.id == *stranger));
    let known: HashSet<Ticket> = sighting.launches.iter().map(|launch| launch.ticket).collect();
    acts.tended.missing_since.retain(|ticket, _| known.contains(ticket) && !there.contains(ticket));
    for launch in sighting.launches.iter().filter(|launch| !there.contains(&launch.ticket)) {
        let since = *acts.tended.missing_since.entry(launch.ticket).or_insert(sighting.now);
        if sighting.holders.contains(&launch.agent) {
            continue;
        }
        let reason = match launch {
            LaunchRecord { ending_since: Some(_), .. } => "its instance has ended",
            LaunchRecord { joined_at: Some(_), .. } if sighting.now.since(since) >= GONE_AFTER => {
                "its instance is gone, and nobody ended it"
            }
            _ => continue,
        };
        let forgotten = forget(acts, launch, reason).await;
        acts.told("its ended instances forgotten", forgotten);
    }
}

pub(super) async fn forget(acts: &mut Acts<'_>, launch: &LaunchRecord, reason: &str) -> Result<(), Error> {
    {
        // Nobody may join by a launch that is forgotten meanwhile.
        let _turn = acts.service.inner.fleets.launches.turn().await;
        if acts.service.inner.sessions.get(&launch.agent).is_some() {
            return Ok(());
        }
        let event = acts.event(FleetEventKind::Ended, Some(launch), reason);
        acts.service.drop_launch(launch, &event).await?;
        acts.tended.last_event = Some(event);
    }
    acts.service.forget_agent(&launch.agent).await
}

impl crate::Service {
    /// Forgets an agent that lived on an instance which is gone. One that is connected all the same stays.
    pub(crate) async fn forget_agent(&self, agent: &AgentId) -> Result<(), Error> {
        let _turn = self.inner.turns.of(agent).await;
        if self.inner.sessions.get(agent).is_some() {
            return Ok(());
        }
        self.inner.load.forget_agent(agent);
        Ok(self.store().remove_agent(agent).await?)
    }
}
