//! The leases in this agent's hands, and the slots that they take.

use buildyard_model::LeaseToken;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Its build runs.
    Active,
    /// Its result is known and not yet acted on.
    Reported,
    /// Nothing is left to say about it.
    Over,
}

#[derive(Debug)]
struct Holding {
    standing: Standing,
    /// Whether its sandbox is there, or may be.
    slot: bool,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Holdings(BTreeMap<LeaseToken, Holding>);

impl FromIterator<LeaseToken> for Holdings {
    fn from_iter<I: IntoIterator<Item = LeaseToken>>(leases: I) -> Self {
        Self(leases.into_iter().map(|lease| (lease, Holding { standing: Standing::Active, slot: true })).collect())
    }
}

impl Holdings {
    /// Takes a slot for a lease.
    pub(super) fn hold(&mut self, lease: LeaseToken) {
        self.0.insert(lease, Holding { standing: Standing::Active, slot: true });
    }

    /// Holds a lease that has a result and never had a build.
    pub(super) fn hold_reported(&mut self, lease: LeaseToken) {
        self.0.insert(lease, Holding { standing: Standing::Reported, slot: false });
    }

    pub(super) fn contains(&self, lease: &LeaseToken) -> bool {
        self.0.contains_key(lease)
    }

    pub(super) fn is_active(&self, lease: &LeaseToken) -> bool {
        self.0.get(lease).is_some_and(|holding| holding.standing == Standing::Active)
    }

    /// Leases of the same build with a smaller epoch.
    pub(super) fn superseded_by(&self, lease: &LeaseToken) -> Vec<LeaseToken> {
        let older = |held: &&LeaseToken| held.build == lease.build && held.epoch < lease.epoch;
        self.0.keys().filter(older).cloned().collect()
    }

    /// Notes the result of an active lease; false when there is no such lease.
    pub(super) fn report(&mut self, lease: &LeaseToken) -> bool {
        match self.0.get_mut(lease) {
            Some(holding) if holding.standing == Standing::Active => {
                holding.standing = Standing::Reported;
                true
            }
            _ => false,
        }
    }

    /// The result was acted on.
    pub(super) fn settle(&mut self, lease: &LeaseToken) {
        self.close(lease);
    }

    /// The lease is over; false when there is no build to kill for it.
    pub(super) fn revoke(&mut self, lease: &LeaseToken) -> bool {
        let known = self.0.get(lease).is_some_and(|holding| holding.standing != Standing::Over);
        self.close(lease);
        known
    }

    fn close(&mut self, lease: &LeaseToken) {
        if let Some(holding) = self.0.get_mut(lease) {
            holding.standing = Standing::Over;
            if !holding.slot {
                self.0.remove(lease);
            }
        }
    }

    /// The sandbox is gone.
    pub(super) fn free(&mut self, lease: &LeaseToken) {
        if let Some(holding) = self.0.get_mut(lease) {
            holding.slot = false;
            if holding.standing == Standing::Over {
                self.0.remove(lease);
            }
        }
    }

    /// The lease never began.
    pub(super) fn forget(&mut self, lease: &LeaseToken) {
        self.0.remove(lease);
    }

    pub(super) fn active(&self) -> Vec<LeaseToken> {
        self.leases(|holding| holding.standing == Standing::Active)
    }

    pub(super) fn held(&self) -> Vec<LeaseToken> {
        self.leases(|holding| holding.standing != Standing::Over)
    }

    fn leases(&self, wanted: impl Fn(&Holding) -> bool) -> Vec<LeaseToken> {
        self.0.iter().filter(|(_, holding)| wanted(holding)).map(|(lease, _)| lease.clone()).collect()
    }

    /// Slots that are taken.
    pub(super) fn slots(&self) -> usize {
        self.0.values().filter(|holding| holding.slot).count()
    }

    /// Slots whose build has ended: they will be free soon.
    pub(super) fn slots_being_freed(&self) -> usize {
        self.0.values().filter(|holding| holding.slot && holding.standing != Standing::Active).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
