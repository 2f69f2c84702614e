//! Warm containers: started before their build comes, with a runner that waits for its plan. Owns which there are and
//! who took which; how many there shall be is `plan`'s (pure), making and dropping them is `keeper`'s, what a build does
//! with one is `run`'s.
//!
//! Invariants: a container is taken by one lease and never comes back; what a lease took is known until it is removed,
//! so that whoever clears up after the lease finds it; one that an earlier process kept is never used.

mod demand;
mod keeper;
mod memory;
mod plan;
mod room;
mod shape;
mod tenants;

pub(crate) use keeper::keep;
pub(crate) use memory::Memory;
pub(crate) use shape::Shape;

use crate::folder::Folder;
use buildyard_executor::SandboxId;
use buildyard_model::LeaseToken;
use demand::{Arrivals, Demand};
use plan::{Step, View};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tenants::Tenants;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// A shape that could not be made is let alone for so long.
const REST: Duration = Duration::from_secs(60);
/// Making a container keeps an engine busy; more at once would only take from the builds that run.
const AT_ONCE: usize = 4;
/// What a shape that always has one counts at least.
const FLOOR: f64 = 1.0;

/// The warm containers of an agent.
#[derive(Debug)]
pub(crate) struct Warm {
    limit: usize,
    /// Those that always have one.
    always: Vec<Shape>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    demand: Demand,
    tenants: Tenants,
    /// Oldest first.
    ready: Vec<Spare>,
    /// Those that ended while they waited, or that nobody is expected to take.
    dead: Vec<Spare>,
    making: BTreeMap<Shape, usize>,
    resting: BTreeMap<Shape, Instant>,
    taken: HashMap<LeaseToken, SandboxId>,
    /// A build came in since it was asked for last.
    arrived: bool,
    /// No build comes for now: nothing is kept ready.
    paused: bool,
    closed: bool,
}

/// A warm container.
#[derive(Debug)]
pub(crate) struct Spare {
    pub id: SandboxId,
    pub shape: Shape,
    /// Whose builds may have it: anybody's, unless it was made for one tenant.
    pub tenant: Option<String>,
    /// What the shape's reference stood for when it was made.
    pub image: String,
    /// What it has mounted.
    pub folder: Folder,
    /// Dropped when somebody takes it, or it is to go.
    watch: Watched,
}

/// Whoever waits for a container's end.
#[derive(Debug)]
struct Watched(AbortHandle);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the keeper is to do.
#[derive(Debug)]
enum Deed {
    /// Of this shape, and for this tenant alone if there is one.
    Make(Shape, Option<String>),
    Discard(Spare),
}

impl Warm {
    /// At most `limit`; what was not asked for during `idle` has none, but for `always`.
    pub(crate) fn new(limit: usize, idle: Duration, always: Vec<Shape>) -> Self {
        let state = State {
            demand: Demand::new(idle),
            tenants: Tenants::default(),
            ready: Vec::new(),
            dead: Vec::new(),
            making: BTreeMap::new(),
            resting: BTreeMap::new(),
            taken: HashMap::new(),
            arrived: false,
            paused: false,
            closed: false,
        };
        Self { limit, always, state: Mutex::new(state), changed: Notify::new() }
    }

    /// The same, with what an earlier process saw.
    pub(crate) fn recalling(self, seen: Vec<Arrivals>) -> Self {
        self.state().demand.recall(seen, Instant::now());
        self
    }

    /// What is to be recalled by a later process, if that is not what it was.
    fn news(&self, now: Instant) -> Option<Vec<Arrivals>> {
        let mut state = self.state();
        std::mem::take(&mut state.arrived).then(|| state.demand.arrivals(now))
    }

    /// Whether builds come at all: the coordinator has drained the agent, or gives it builds again.
    pub(crate) fn pause(&self, paused: bool) {
        let was = std::mem::replace(&mut self.state().paused, paused);
        if was != paused {
            self.stir();
        }
    }

    /// A build came in: gives it a container of its shape, if one waits that it may have. Where all that wait are others',
    /// the oldest of them goes.
    pub(crate) fn take(&self, lease: &LeaseToken, shape: &Shape) -> Option<Spare> {
        if self.limit == 0 {
            return None;
        }
        let mut state = self.state();
        state.demand.arrived(shape, Instant::now());
        state.tenants.arrived(shape, tenant(lease));
        state.arrived = true;
        let is_for = |spare: &Spare| spare.tenant.as_deref().is_none_or(|own| own == tenant(lease));
        let Some(at) = state.ready.iter().position(|spare| spare.shape == *shape && is_for(spare)) else {
            if let Some(at) = state.ready.iter().position(|spare| spare.shape == *shape) {
                let others = state.ready.remove(at);
                state.dead.push(others);
            }
            return None;
        };
        let spare = state.ready.remove(at);
        state.taken.insert(lease.clone(), spare.id.clone());
        Some(spare)
    }

    /// A lease of an earlier process has this sandbox, warm or not.
    pub(crate) fn adopt(&self, lease: &LeaseToken, sandbox: &SandboxId) {
        self.state().taken.insert(lease.clone(), sandbox.clone());
    }

    /// What the lease took and may not be removed yet.
    pub(crate) fn taken(&self, lease: &LeaseToken) -> Option<SandboxId> {
        self.state().taken.get(lease).cloned()
    }

    /// What the lease took is removed.
    pub(crate) fn forget(&self, lease: &LeaseToken) {
        self.state().taken.remove(lease);
    }

    /// How many wait.
    fn waiting(&self) -> usize {
        self.state().ready.len()
    }

    /// It is a good moment to make others: the build that came in is on its way.
    pub(crate) fn stir(&self) {
        self.changed.notify_one();
    }

    /// What is to be done now, where the host's memory has room for so many more.
    fn deeds(&self, now: Instant, room: usize) -> Vec<Deed> {
        let mut state = self.state();
        let mut deeds: Vec<Deed> = std::mem::take(&mut state.dead).into_iter().map(Deed::Discard).collect();
        if state.closed {
            return deeds;
        }
        state.resting.retain(|_, until| *until > now);
        let view = self.view(&mut state, now, room);
        for step in plan::plan(&view) {
            match step {
                Step::Make(shape) => {
                    *state.making.entry(shape.clone()).or_default() += 1;
                    let tenant = state.tenants.only(&shape).map(str::to_owned);
                    deeds.push(Deed::Make(shape, tenant));
                }
                Step::Drop(shape) => {
                    let at = state.ready.iter().position(|spare| spare.shape == shape);
                    deeds.extend(at.map(|at| Deed::Discard(state.ready.remove(at))));
                }
            }
        }
        deeds
    }

    fn view(&self, state: &mut State, now: Instant, room: usize) -> View {
        let mut demand = state.demand.weights(now);
        state.tenants.retain(|shape| demand.contains_key(shape));
        if state.paused {
            demand.clear();
        }
        for shape in self.always.iter().filter(|_| !state.paused) {
            let weight = demand.entry(shape.clone()).or_default();
            *weight = weight.max(FLOOR);
        }
        let mut ready = BTreeMap::new();
        for spare in &state.ready {
            *ready.entry(spare.shape.clone()).or_default() += 1;
        }
        let resting = state.resting.keys().cloned().collect();
        View { demand, ready, making: state.making.clone(), resting, limit: self.limit, room, at_once: AT_ONCE }
    }

    /// One is ready; it comes back when nobody wants it any more.
    fn made(&self, spare: Spare) -> Option<Spare> {
        let mut state = self.state();
        unmake(&mut state, &spare.shape);
        if state.closed {
            return Some(spare);
        }
        state.ready.push(spare);
        None
    }

    fn failed(&self, shape: &Shape, now: Instant) {
        let mut state = self.state();
        unmake(&mut state, shape);
        state.resting.insert(shape.clone(), now + REST);
    }

    /// Something about an image changed: it is worth another try.
    fn rested(&self, reference: &str) {
        self.state().resting.retain(|shape, _| shape.reference != reference);
    }

    /// It ended although nobody took it.
    fn died(&self, id: &SandboxId, now: Instant) {
        let mut state = self.state();
        if let Some(at) = state.ready.iter().position(|spare| spare.id == *id) {
            let spare = state.ready.remove(at);
            state.resting.insert(spare.shape.clone(), now + REST);
            state.dead.push(spare);
            drop(state);
            self.stir();
        }
    }

    /// The references of those that wait.
    fn references(&self) -> Vec<String> {
        let mut references: Vec<_> = self.state().ready.iter().map(|spare| spare.shape.reference.clone()).collect();
        references.sort();
        references.dedup();
        references
    }

    /// The reference stands for `image` now, or for nothing: those that were made from another go.
    fn stands_for(&self, reference: &str, image: Option<&str>) -> Vec<Spare> {
        let stale = |spare: &mut Spare| spare.shape.reference == reference && image != Some(spare.image.as_str());
        self.state().ready.extract_if(.., stale).collect()
    }

    /// Takes no more part in anything; gives what waits, to be removed.
    fn close(&self) -> Vec<Spare> {
        let mut state = self.state();
        state.closed = true;
        let mut all = std::mem::take(&mut state.ready);
        all.append(&mut state.dead);
        all
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose sandboxes may share what is kept from one to the next: a project's.
pub(crate) fn tenant(lease: &LeaseToken) -> &str {
    lease.build.project().as_str()
}

fn unmake(state: &mut State, shape: &Shape) {
    if let Some(count) = state.making.get_mut(shape) {
        *count -= 1;
        if *count == 0 {
            state.making.remove(shape);
        }
    }
}
