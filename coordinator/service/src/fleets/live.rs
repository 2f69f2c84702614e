//! What the fleets' tasks know of one another, and what everybody may look at without waiting for them.

use super::hosting::Hosting;
use super::launch::Launches;
use crate::reconcile::Closings;
use buildyard_model::{Capacity, FleetName, FleetStanding, InstanceId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// One fleet as of its last round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Glimpse {
    pub(crate) standing: Option<FleetStanding>,
    /// What the provisioner listed.
    pub(crate) instances: BTreeSet<InstanceId>,
    /// What the last agent that joined offers: nobody launches for a build that it could never take.
    pub(crate) offers: Option<Capacity>,
    /// When the next agent is expected, from now.
    pub(crate) next_in: Option<Duration>,
    /// Builds that the fleet's present agents, with those that are on their way, can have at once.
    pub(crate) slots: u32,
}

/// All fleets.
#[derive(Debug)]
pub(crate) struct Fleets {
    pub(crate) hosting: OnceLock<Hosting>,
    pub(crate) launches: Launches,
    pub(crate) closings: Closings,
    /// Numbers events.
    pub(crate) events: AtomicU64,
    /// Changes when a fleet may have to grow or shrink.
    bell: watch::Sender<u64>,
    glimpses: Mutex<BTreeMap<FleetName, Glimpse>>,
}

impl Default for Fleets {
    fn default() -> Self {
        Self {
            hosting: OnceLock::new(),
            launches: Launches::default(),
            closings: Closings::default(),
            events: AtomicU64::new(0),
            bell: watch::channel(0).0,
            glimpses: Mutex::default(),
        }
    }
}

impl Fleets {
    fn glimpses(&self) -> MutexGuard<'_, BTreeMap<FleetName, Glimpse>> {
        self.glimpses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened that a plan may depend on.
    pub(crate) fn ring(&self) {
        self.bell.send_modify(|rings| *rings = rings.wrapping_add(1));
    }

    /// To hear the bell by.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    pub(crate) fn look(&self, fleet: &FleetName) -> Option<Glimpse> {
        self.glimpses().get(fleet).cloned()
    }

    /// All fleets as of their last rounds, by name.
    pub(crate) fn standings(&self) -> Vec<FleetStanding> {
        self.glimpses().values().filter_map(|glimpse| glimpse.standing.clone()).collect()
    }

    pub(crate) fn show(&self, fleet: &FleetName, change: impl FnOnce(&mut Glimpse)) {
        change(self.glimpses().entry(fleet.clone()).or_default());
    }

    pub(crate) fn hide(&self, fleet: &FleetName) {
        self.glimpses().remove(fleet);
    }

    pub(crate) fn learn(&self, fleet: &FleetName, capacity: &Capacity) {
        self.show(fleet, |glimpse| glimpse.offers = Some(capacity.clone()));
    }

    /// The fleet whose provisioner lists this instance.
    pub(crate) fn fleet_of(&self, instance: &InstanceId) -> Option<FleetName> {
        let glimpses = self.glimpses();
        glimpses.iter().find(|(_, glimpse)| glimpse.instances.contains(instance)).map(|(fleet, _)| fleet.clone())
    }
}
