//! What is to be brought up: drained agents that are needed after all, then launches.

use super::Action;
use super::demand::{Packing, Room, pack, shape};
use super::lane::Lane;
use super::limits;
use super::policy::Policy;
use super::slack::{Slack, Slots};
use super::supply::{Seat, Supply, count};
use super::view::FleetView;
use buildyard_model::Timestamp;

/// What grows, and what shrinkage has to know of it.
#[derive(Debug)]
pub(super) struct Growth {
    /// As `Supply::active` and `Supply::starting`, with the waiting builds in them.
    pub(super) lanes: Vec<Lane>,
    /// As `Supply::draining`: which go on.
    pub(super) undrained: Vec<bool>,
    pub(super) launches: u32,
    /// Whether all that waits has its place.
    pub(super) is_enough: bool,
    /// With what is brought up.
    pub(super) slots: Slots,
}

impl Growth {
    pub(super) fn of(view: &FleetView, supply: &Supply, policy: &Policy, slack: Slack, now: Timestamp) -> Self {
        let room = room(view, supply, policy, now);
        let mut packing = pack(view, supply, policy, room, now);
        let mut slots = Slots::default();
        let brought = packing.reserve.iter().filter(|lane| lane.is_wanted).chain(&packing.new);
        packing.lanes.iter().chain(brought).for_each(|lane| slots.add(lane));
        let (slots_each, resources) = shape(supply, policy);
        let mut launches = count(packing.new.len());
        loop {
            let missing = slack.missing(slots, slots_each);
            if missing == 0 {
                break;
            }
            if let Some(lane) = next_undrain(supply, &mut packing, room) {
                lane.is_wanted = true;
                slots.add(lane);
                continue;
            }
            let more = missing.min(room.launches.saturating_sub(launches));
            (0..more).for_each(|_| slots.add(&Lane::empty(slots_each, resources, now)));
            launches += more;
            break;
        }
        Self {
            undrained: packing.reserve.iter().map(|lane| lane.is_wanted).collect(),
            is_enough: !packing.is_short,
            lanes: packing.lanes,
            launches,
            slots,
        }
    }

    pub(super) fn actions(&self, view: &FleetView, supply: &Supply) -> Vec<Action> {
        let undrained = supply.draining.iter().zip(&self.undrained).filter(|(_, undrained)| **undrained);
        let undrain = |seat: &Seat| Action::Undrain {
            agent: seat.member.agent.clone(),
            reason: format!("needed again: {}", told(view)),
        };
        let mut actions: Vec<Action> = undrained.map(|(seat, _)| undrain(seat)).collect();
        if self.launches > 0 {
            let (there, coming) = (supply.active.len(), supply.starting.len());
            let reason = format!("{}, {there} agents and {coming} starting", told(view));
            actions.push(Action::Launch { count: self.launches, reason });
        }
        actions
    }
}

/// How much `max`, the limits and the back-off leave. What drains still counts as there, so a launch has to wait for
/// it; taking it back does not.
fn room(view: &FleetView, supply: &Supply, policy: &Policy, now: Timestamp) -> Room {
    let below_max = |there: u32| policy.max.saturating_sub(there);
    let launches = if view.instances.is_some() { limits::allowed(view, policy, now) } else { 0 };
    Room {
        launches: launches.min(below_max(supply.total())),
        undrains: below_max(supply.capacity().saturating_add(count(supply.untouchable()))),
    }
}

/// The agent that was drained last, if one more may go on.
fn next_undrain<'a>(supply: &Supply, packing: &'a mut Packing, room: Room) -> Option<&'a mut Lane> {
    let wanted = packing.reserve.iter().filter(|lane| lane.is_wanted).count();
    if count(wanted) >= room.undrains {
        return None;
    }
    let drained = supply.draining.iter().zip(packing.reserve.iter_mut()).filter(|(_, lane)| !lane.is_wanted);
    drained.max_by_key(|(seat, _)| seat.member.draining_since).map(|(_, lane)| lane)
}

fn told(view: &FleetView) -> String {
    match view.waiting.len() {
        0 => "slots are kept free".to_owned(),
        1 => "1 build waits".to_owned(),
        many => format!("{many} builds wait"),
    }
}
