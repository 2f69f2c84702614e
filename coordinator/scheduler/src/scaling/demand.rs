//! What waiting builds need: each is given, in the queue's order, to an instance that will have room for it in time, and
//! where none will, to one that is to be launched.

use super::lane::Lane;
use super::policy::Policy;
use super::supply::{Supply, count, launch_time};
use super::view::{Demand, FleetView};
use buildyard_model::{Resources, Timestamp};
use std::time::Duration;

/// Where the waiting builds go.
#[derive(Debug)]
pub(super) struct Packing {
    /// As `Supply::active`, then as `Supply::starting`.
    pub(super) lanes: Vec<Lane>,
    /// As `Supply::draining`: taken when nothing else has room at once.
    pub(super) reserve: Vec<Lane>,
    /// To be launched for builds, in the size that an instance is expected to have.
    pub(super) new: Vec<Lane>,
    /// Whether a build found no place, for a limit.
    pub(super) is_short: bool,
}

/// How much may be brought up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) launches: u32,
    pub(super) undrains: u32,
}

/// What an instance offers: as the agent that joined last does, before the first as the policy says.
pub(super) fn shape(supply: &Supply, policy: &Policy) -> (u32, Resources) {
    let seats = supply.active.iter().chain(&supply.draining).filter(|seat| seat.member.slots > 0);
    let last = seats.max_by_key(|seat| (seat.member.joined_at, &seat.member.agent));
    last.map_or((policy.slots, policy.resources), |seat| (seat.member.slots, seat.member.resources))
}

pub(super) fn pack(view: &FleetView, supply: &Supply, policy: &Policy, room: Room, now: Timestamp) -> Packing {
    let (slots, has) = shape(supply, policy);
    let joins_at = now.plus(launch_time(view));
    let agents = supply.active.iter().map(|seat| Lane::of(seat.member, now));
    let starting = supply.starting.iter().map(|starting| Lane::empty(slots, has, starting.joins_at));
    let mut packing = Packing {
        lanes: agents.chain(starting).collect(),
        reserve: supply.draining.iter().map(|seat| Lane::of(seat.member, now)).collect(),
        new: Vec::new(),
        is_short: false,
    };
    // A build that finds no room in time leaves none for its like either: they only fill what is there.
    let mut refused: Vec<Resources> = Vec::new();
    for build in &view.waiting {
        if refused.iter().any(|one| build.resources.vcpu >= one.vcpu && build.resources.memory_mib >= one.memory_mib) {
            continue;
        }
        let by = latest(build, policy, joins_at, now);
        if !packing.place(build, by, room, || Lane::empty(slots, has, joins_at), now) {
            packing.is_short = true;
            refused.push(build.resources);
        }
    }
    packing
}

/// Until when a build may get its slot without a launch for it. One that has waited as long already was promised a slot
/// that did not come: it gets no more patience.
fn latest(build: &Demand, policy: &Policy, joins_at: Timestamp, now: Timestamp) -> Timestamp {
    let in_time = joins_at.plus(policy.patience);
    if now.since(build.since) > in_time.since(now) { joins_at } else { in_time }
}

impl Packing {
    fn place(&mut self, build: &Demand, by: Timestamp, room: Room, launch: impl Fn() -> Lane, now: Timestamp) -> bool {
        let found = soonest(&self.lanes, build.resources, by, |_| true);
        let one_more = self.undrained() < room.undrains.into();
        if found.is_none_or(|(_, start)| start > now)
            && let Some((at, start)) = soonest(&self.reserve, build.resources, now, |lane| one_more || lane.is_wanted)
        {
            self.reserve[at].give(build.resources, ends(build, start));
            return true;
        }
        if let Some((at, start)) = found {
            self.lanes[at].give(build.resources, ends(build, start));
            return true;
        }
        if let Some((at, start)) = soonest(&self.new, build.resources, by, |_| true) {
            self.new[at].give(build.resources, ends(build, start));
            return true;
        }
        if count(self.new.len()) >= room.launches {
            return false;
        }
        let mut lane = launch();
        lane.give(build.resources, build.expected.map(|takes| by.plus(takes)));
        self.new.push(lane);
        true
    }

    fn undrained(&self) -> u64 {
        self.reserve.iter().map(|lane| u64::from(lane.is_wanted)).sum()
    }
}

/// Which of the lanes that may be taken has room first.
fn soonest(
    lanes: &[Lane],
    wanted: Resources,
    by: Timestamp,
    may: impl Fn(&Lane) -> bool,
) -> Option<(usize, Timestamp)> {
    let mut best: Option<(usize, Timestamp)> = None;
    for (at, lane) in lanes.iter().enumerate().filter(|(_, lane)| may(lane)) {
        // Only what is sooner than the best so far is of interest.
        let by = best.map_or(by, |(_, start)| Timestamp(start.0.saturating_sub(1)));
        best = lane.earliest(wanted, by).map(|start| (at, start)).or(best);
    }
    best
}

fn ends(build: &Demand, start: Timestamp) -> Option<Timestamp> {
    build.expected.map(|takes: Duration| start.plus(takes))
}
