//! Instances in memory, for tests and simulation. It keeps the seam's promises until it is told not to: then it fails, is
//! slow, forgets what it was asked for, hides what is there, or lets instances come late.
//!
//! Invariant: what runs and what is told may differ only by what `Mischief` says.

use crate::owner::Owner;
use crate::provisioner::{Error, Instance, InstanceState, Launch, Provisioner};
use async_trait::async_trait;
use buildyard_model::{Clock, InstanceId, Ticket, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the place does wrong. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Mischief {
    /// Each call fails so.
    pub fails: Option<Error>,
    /// A launch fails so although everything was started.
    pub lies_about_launches: Option<Error>,
    /// Each call takes so long; one that takes longer than [`FakePlace::DEADLINE`] is unavailable.
    pub takes: Duration,
    /// An instance is listed only so long after its launch.
    pub comes_after: Duration,
    /// So many of the next instances never come.
    pub loses: u32,
    /// The list is empty, whatever runs.
    pub hides: bool,
    /// The list names no tickets, as that of an Auto Scaling group.
    pub keeps_tickets: bool,
    /// An instance is still there, as stopping, for so long after it was terminated.
    pub ends_after: Duration,
    /// No call to terminate is answered, and nothing ends.
    pub ends_nothing: bool,
}

/// An instance that was started.
#[derive(Debug, Clone)]
pub struct FakeInstance {
    pub owner: Owner,
    pub launch: Launch,
    pub launched_at: Timestamp,
    pub comes_at: Timestamp,
    /// When it is gone, once it was terminated.
    pub gone_at: Option<Timestamp>,
}

/// A place that several fleets can share.
#[derive(Debug)]
pub struct FakePlace {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    mischief: Mischief,
    instances: BTreeMap<InstanceId, FakeInstance>,
    started: u64,
}

/// One fleet in a [`FakePlace`].
#[derive(Debug)]
pub struct Fake {
    place: Arc<FakePlace>,
    owner: Owner,
}

impl FakePlace {
    /// How long a call may take.
    pub const DEADLINE: Duration = Duration::from_secs(60);

    /// An empty place, with `clock` for when instances come and go.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::default() })
    }

    /// One fleet's provisioner here.
    pub fn fleet(self: &Arc<Self>, owner: Owner) -> Fake {
        Fake { place: self.clone(), owner }
    }

    /// From now on it behaves so.
    pub fn misbehave(&self, mischief: Mischief) {
        self.state().mischief = mischief;
    }

    /// What really is there, of all fleets, by its id.
    pub fn running(&self) -> BTreeMap<InstanceId, FakeInstance> {
        self.state().clone_present(self.clock.now())
    }

    /// How many were ever started.
    pub fn started(&self) -> u64 {
        self.state().started
    }

    /// An instance ends without anybody's asking.
    pub fn lose(&self, instance: &InstanceId) {
        self.state().instances.remove(instance);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self) -> Result<Mischief, Error> {
        let mischief = self.state().mischief.clone();
        if mischief.takes > Self::DEADLINE {
            tokio::time::sleep(Self::DEADLINE).await;
            return Err(Error::Unavailable(format!("the fake place did not answer within {:?}", Self::DEADLINE)));
        }
        if !mischief.takes.is_zero() {
            tokio::time::sleep(mischief.takes).await;
        }
        mischief.fails.clone().map_or(Ok(mischief), Err)
    }
}

impl State {
    fn clone_present(&mut self, now: Timestamp) -> BTreeMap<InstanceId, FakeInstance> {
        self.instances.retain(|_, instance| instance.gone_at.is_none_or(|gone| gone > now));
        self.instances.clone()
    }

    fn start(&mut self, owner: &Owner, launch: &Launch, now: Timestamp, comes_after: Duration) {
        let id = id(launch.ticket);
        if self.instances.contains_key(&id) {
            return;
        }
        if self.mischief.loses > 0 {
            self.mischief.loses -= 1;
            return;
        }
        let comes_at = now.plus(comes_after);
        let (owner, launch) = (owner.clone(), launch.clone());
        self.instances.insert(id, FakeInstance { owner, launch, launched_at: now, comes_at, gone_at: None });
        self.started += 1;
    }
}

#[async_trait]
impl Provisioner for Fake {
    fn kind(&self) -> &'static str {
        "fake"
    }

    async fn launch(&self, launches: &[Launch]) -> Result<(), Error> {
        let mischief = self.place.answer().await?;
        let now = self.place.clock.now();
        let mut state = self.place.state();
        for launch in launches {
            state.start(&self.owner, launch, now, mischief.comes_after);
        }
        mischief.lies_about_launches.map_or(Ok(()), Err)
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<(), Error> {
        let mischief = self.place.answer().await?;
        if mischief.ends_nothing {
            std::future::pending::<()>().await;
        }
        let gone_at = self.place.clock.now().plus(mischief.ends_after);
        let mut state = self.place.state();
        let Some(found) = state.instances.get_mut(instance) else { return Ok(()) };
        if found.owner != self.owner {
            return Err(Error::Refused(format!("instance {instance} is not of fleet {}", self.owner.fleet)));
        }
        found.gone_at.get_or_insert(gone_at);
        Ok(())
    }

    async fn instances(&self) -> Result<Vec<Instance>, Error> {
        let mischief = self.place.answer().await?;
        let now = self.place.clock.now();
        let present = self.place.state().clone_present(now);
        let ours = present.into_iter().filter(|(_, found)| found.owner == self.owner && found.comes_at <= now);
        let told = ours.filter(|_| !mischief.hides).map(|(id, found)| Instance {
            id,
            ticket: (!mischief.keeps_tickets).then_some(found.launch.ticket),
            state: if found.gone_at.is_some() { InstanceState::Stopping } else { InstanceState::Running },
            launched_at: Some(found.launched_at),
        });
        Ok(told.collect())
    }
}

fn id(ticket: Ticket) -> InstanceId {
    InstanceId(format!("fake-{ticket}"))
}

#[cfg(test)]
mod tests;
