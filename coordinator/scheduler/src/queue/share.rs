//! What each project had of the fleet for its weight: which of two projects goes first.
//!
//! Each project has a clock that runs by the slot time its builds take, divided by its weight; the one that is furthest
//! behind goes first. Comparing the slots in use alone would not do: three slots among weights 3, 1 and 2 would stay one
//! each for ever, and with fewer slots than projects all have none. A build is charged when it starts, by what its
//! project's builds took lately; a longer one is charged again while it runs, and at its end the charge is put right.
//!
//! A project that comes anew begins at the clock of the one chosen last, so that nobody waits until it has caught up
//! with days of others, and it does not wait for a refund of theirs. One that could not be served carries at most
//! [`MOST_CREDIT`] of arrears.

use buildyard_model::ProjectName;
use std::collections::HashMap;
use std::time::Duration;

/// Slots by weight are counted in these parts of a slot.
const PARTS: u64 = 1 << 20;
/// Slot time by weight is counted in these parts of a millisecond: a thousand slots are counted for centuries.
const TICKS: u64 = 1 << 10;
/// What a project may at most have had less than the one that is chosen: ten minutes of a slot.
const MOST_CREDIT: u64 = 10 * 60 * 1000 * TICKS;
/// A build counts at least for so much, or a project of builds that take no time would always come first.
const LEAST: Duration = Duration::from_secs(1);
/// What a build is charged at first, at most.
const MOST: Duration = Duration::from_secs(3600);
/// What is expected of a project of which no build has ended yet.
const UNKNOWN: Duration = Duration::from_secs(60);

/// What a project had for its weight; the smaller goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Share {
    /// Slot time by weight.
    clock: u64,
    /// Slots in use by weight.
    slots: u64,
}

#[derive(Debug, Clone, Copy)]
struct Account {
    running: u32,
    /// Priorities in which builds of it wait.
    lanes: u32,
    clock: u64,
    /// What its builds took lately.
    usual: Duration,
}

/// Every project's share.
#[derive(Debug, Clone, Default)]
pub struct Shares {
    weights: HashMap<ProjectName, u32>,
    accounts: HashMap<ProjectName, Account>,
    /// Of the project chosen last, never going back.
    clock: u64,
}

impl Shares {
    pub(crate) fn new(weights: HashMap<ProjectName, u32>) -> Self {
        Self { weights, ..Self::default() }
    }

    /// The project's weight.
    pub fn weight(&self, project: &ProjectName) -> u32 {
        self.weights.get(project).copied().unwrap_or(1).max(1)
    }

    /// Slots that the project has.
    pub fn running(&self, project: &ProjectName) -> u32 {
        self.accounts.get(project).map_or(0, |account| account.running)
    }

    /// Slots that all projects have together.
    pub fn total(&self) -> u32 {
        self.accounts.values().map(|account| account.running).sum()
    }

    /// What the project had for its weight.
    pub fn of(&self, project: &ProjectName) -> Share {
        self.after(project, 0)
    }

    /// What it had, were `granted` more of its builds given slots.
    pub(crate) fn after(&self, project: &ProjectName, granted: u32) -> Share {
        self.ahead(project).share(granted, self.running(project) + granted)
    }

    /// The project for looking ahead.
    pub(crate) fn ahead(&self, project: &ProjectName) -> Ahead {
        let account = self.account(project);
        let weight = self.weight(project);
        Ahead { clock: account.clock, charge: ticks(charge(account.usual), weight), weight }
    }

    /// Builds of it wait in one priority more.
    pub(super) fn joined(&mut self, project: &ProjectName) {
        let clock = self.clock;
        let account = self.open(project);
        if account.lanes == 0 {
            account.clock = account.clock.max(clock);
        }
        account.lanes += 1;
    }

    /// Builds of it wait in one priority less.
    pub(super) fn left(&mut self, project: &ProjectName) {
        self.settle(project, |account| account.lanes = account.lanes.saturating_sub(1));
    }

    /// Says what was charged for it.
    pub(super) fn started(&mut self, project: &ProjectName) -> Duration {
        let weight = self.weight(project);
        let account = self.open(project);
        let charged = charge(account.usual);
        account.running += 1;
        account.clock = account.clock.saturating_add(ticks(charged, weight));
        charged
    }

    pub(super) fn overran(&mut self, project: &ProjectName, more: Duration) {
        let weight = self.weight(project);
        let account = self.open(project);
        account.clock = account.clock.saturating_add(ticks(more, weight));
    }

    pub(super) fn ended(&mut self, project: &ProjectName, lasted: Duration, charged: Duration) {
        let (weight, floor) = (self.weight(project), self.clock);
        let lasted = lasted.max(LEAST);
        self.settle(project, |account| {
            account.running = account.running.saturating_sub(1);
            account.usual = (account.usual * 3 + lasted) / 4;
            let right = account.clock.saturating_add(ticks(lasted, weight)).saturating_sub(ticks(charged, weight));
            // A refund puts nobody before those who came meanwhile.
            account.clock = right.max(account.clock.min(floor));
        });
    }

    /// The project goes first now.
    pub(super) fn chosen(&mut self, project: &ProjectName) {
        let floor = self.clock.saturating_sub(MOST_CREDIT);
        let Some(account) = self.accounts.get_mut(project) else { return };
        account.clock = account.clock.max(floor);
        self.clock = self.clock.max(account.clock);
    }

    fn account(&self, project: &ProjectName) -> Account {
        let unknown = Account { running: 0, lanes: 0, clock: self.clock, usual: UNKNOWN };
        self.accounts.get(project).copied().unwrap_or(unknown)
    }

    fn open(&mut self, project: &ProjectName) -> &mut Account {
        let account = self.account(project);
        self.accounts.entry(project.clone()).or_insert(account)
    }

    /// Changes an account, and forgets it when it says no more than that there is none.
    fn settle(&mut self, project: &ProjectName, change: impl FnOnce(&mut Account)) {
        let Some(account) = self.accounts.get_mut(project) else { return };
        change(account);
        if account.running == 0 && account.lanes == 0 && account.clock <= self.clock {
            self.accounts.remove(project);
        }
    }
}

/// What a build is charged when it starts.
fn charge(usual: Duration) -> Duration {
    usual.clamp(LEAST, MOST)
}

fn ticks(time: Duration, weight: u32) -> u64 {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    millis.saturating_mul(TICKS) / u64::from(weight.max(1))
}

/// A project's share while one looks ahead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ahead {
    clock: u64,
    /// What each grant adds.
    charge: u64,
    weight: u32,
}

impl Ahead {
    /// The share after so many grants, while so many run.
    pub(crate) fn share(&self, granted: u32, running: u32) -> Share {
        let clock = self.clock.saturating_add(self.charge.saturating_mul(u64::from(granted)));
        Share { clock, slots: u64::from(running) * PARTS / u64::from(self.weight.max(1)) }
    }
}
