//! What is to go: launches and instances that came to nothing, what drained and is empty, what is above `max`, and
//! agents that had nothing to do for long enough.
//!
//! Promise: an instance is ended only when it has no agent and no lease, or when its agent was drained by an earlier plan
//! and has no build.

use super::Action;
use super::growth::Growth;
use super::policy::Policy;
use super::slack::{Slack, Slots};
use super::supply::{Seat, Supply, count};
use super::view::{FleetView, Known};
use buildyard_model::{InstanceId, Timestamp};
use std::cmp::Reverse;
use std::collections::HashSet;

/// Launches that are given up, and instances without an agent that nobody waits for any more.
pub(super) fn clear_up(supply: &Supply, policy: &Policy) -> Vec<Action> {
    let within = policy.join_within.as_secs();
    let forget = supply
        .given_up
        .iter()
        .map(|pending| Action::Forget { ticket: pending.ticket, reason: format!("no agent joined within {within} s") });
    let end = |known: &&Known| terminate(known, format!("has had no agent for {within} s"));
    forget.chain(supply.doomed.iter().map(end)).collect()
}

/// Ends what was drained by an earlier plan and is empty. An instance that several agents say they live on goes when all
/// of them may.
pub(super) fn end_drained(supply: &Supply, growth: &Growth, now: Timestamp) -> Vec<Action> {
    let is_ready = |seat: &Seat| {
        let member = seat.member;
        member.builds == 0 && member.draining_since.is_some_and(|since| since < now)
    };
    let drained = supply.draining.iter().zip(&growth.undrained);
    let (ready, staying): (Vec<_>, Vec<_>) = drained.partition(|(seat, undrained)| !**undrained && is_ready(seat));
    let staying = staying.into_iter().map(|(seat, _)| seat).chain(&supply.active).chain(&supply.cordoned);
    let homes =
        |seat: &'_ Seat| -> Vec<InstanceId> { seat.instances.iter().map(|known| known.instance.clone()).collect() };
    let mut kept: HashSet<InstanceId> = staying.flat_map(homes).collect();
    let instances =
        ready.into_iter().flat_map(|(seat, _)| &seat.instances).filter(|known| !known.stopping && !known.leased);
    let ended = instances.filter(|known| kept.insert(known.instance.clone()));
    ended.map(|known| terminate(known, "drained and empty".to_owned())).collect()
}

/// Takes away what is above `max`: first what has no agent, then agents without a build, newest first each.
pub(super) fn shed(supply: &Supply, policy: &Policy) -> Vec<Action> {
    let there = supply.active.len() + supply.unjoined.len() + supply.untouchable();
    let surplus = count(there).saturating_sub(policy.max) as usize;
    let mut unjoined: Vec<&Known> = supply.unjoined.clone();
    unjoined.sort_by_key(|known| (Reverse(known.seen_since), &known.instance));
    let mut agents: Vec<&Seat> = supply.active.iter().collect();
    agents.sort_by_key(|seat| (seat.member.builds > 0, Reverse(seat.member.joined_at), &seat.member.agent));
    let reason = || format!("more than {} instances", policy.max);
    let end = unjoined.into_iter().map(|known| terminate(known, reason()));
    let drain = agents.into_iter().map(|seat| drain(seat, reason()));
    end.chain(drain).take(surplus).collect()
}

/// Drains agents that were idle long enough, longest first, as far as what is kept allows.
pub(super) fn drain_idle(
    view: &FleetView,
    supply: &Supply,
    growth: &Growth,
    policy: &Policy,
    slack: Slack,
    now: Timestamp,
) -> Vec<Action> {
    let cools_down = view.scaled_in_at.is_some_and(|at| now.since(at) < policy.cool_down);
    let grows = growth.launches > 0 || growth.undrained.contains(&true) || !growth.is_enough;
    if cools_down || grows {
        return Vec::new();
    }
    let mut idle: Vec<_> = supply
        .active
        .iter()
        .zip(&growth.lanes)
        .filter(|(seat, lane)| seat.member.builds == 0 && !seat.instances.is_empty() && !lane.is_wanted)
        .filter_map(|(seat, lane)| Some((seat.member.idle_since?, seat, lane)))
        .filter(|(since, ..)| now.since(*since) >= policy.idle)
        .collect();
    idle.sort_by_key(|(since, seat, _)| (*since, &seat.member.agent));
    let mut left = growth.slots;
    let mut actions = Vec::new();
    for (since, seat, lane) in idle {
        let without = left.without(lane);
        if slack.is_kept(without) {
            left = without;
            actions.push(drain(seat, format!("idle for {} s", now.since(since).as_secs())));
        }
    }
    actions
}

/// Of the others' slots, at most this part may be in use when an agent's builds come to them.
const CONSOLIDATED_PERCENT: u64 = 75;

/// Drains one agent that has work, when the others can do it too with room to spare: builds that are spread over many
/// agents would keep all of them for ever. It ends when its own builds did, and is taken back when it is needed.
pub(super) fn consolidate(
    supply: &Supply,
    growth: &Growth,
    policy: &Policy,
    slack: Slack,
    now: Timestamp,
) -> Vec<Action> {
    let is_settled = growth.launches == 0 && growth.is_enough && !growth.undrained.contains(&true);
    let has_idle = supply.active.iter().any(|seat| seat.member.builds == 0);
    let is_under_way = supply.draining.iter().any(|seat| seat.member.builds > 0);
    if !policy.consolidate || !is_settled || has_idle || is_under_way || !supply.starting.is_empty() {
        return Vec::new();
    }
    let old = supply.active.iter().zip(&growth.lanes).filter(|(seat, lane)| {
        !seat.instances.is_empty() && !lane.is_wanted && now.since(seat.member.joined_at) >= policy.idle
    });
    let least = old.min_by_key(|(seat, lane)| (lane.used_slots(), Reverse(seat.member.joined_at), &seat.member.agent));
    let Some((seat, lane)) = least else { return Vec::new() };
    let without = growth.slots.without(lane);
    let together = Slots { used: growth.slots.used, ..without };
    if together.used * 100 > together.all * CONSOLIDATED_PERCENT || !slack.is_kept(together) {
        return Vec::new();
    }
    let reason = format!("its work fits the others: {} of their {} slots in use", together.used, together.all);
    vec![drain(seat, reason)]
}

fn drain(seat: &Seat, reason: String) -> Action {
    Action::Drain { agent: seat.member.agent.clone(), reason }
}

fn terminate(known: &Known, reason: String) -> Action {
    Action::Terminate { instance: known.instance.clone(), reason }
}
