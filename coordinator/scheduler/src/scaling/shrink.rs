//! What is to go: launches and instances that came to nothing, what drained and is empty, what is above `max`, and
//! agents that had nothing to do for long enough.
//!
//! Promise: an instance is ended only when it has no agent and no lease, or when its agent was drained by an earlier plan
//! and has no build.

use super::Action;
use super::growth::Growth;
use super::policy::Policy;
use super::slack::Slack;
use super::supply::{Seat, Supply, count};
use super::view::{FleetView, Known};
use buildyard_model::Timestamp;
use std::cmp::Reverse;

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

/// Ends what was drained by an earlier plan and is empty.
pub(super) fn end_drained(supply: &Supply, growth: &Growth, now: Timestamp) -> Vec<Action> {
    let staying = supply.draining.iter().zip(&growth.undrained).filter(|(_, undrained)| !**undrained);
    let ready = staying.map(|(seat, _)| seat).filter(|seat| {
        let member = seat.member;
        member.builds == 0 && member.draining_since.is_some_and(|since| since < now)
    });
    let instances = ready.flat_map(|seat| seat.instances.iter().filter(|known| !known.stopping));
    instances.map(|known| terminate(known, "drained and empty".to_owned())).collect()
}

/// Takes away what is above `max`: first what has no agent, then agents without a build, newest first each.
pub(super) fn shed(supply: &Supply, policy: &Policy) -> Vec<Action> {
    let there = supply.active.len() + supply.unjoined.len() + supply.untouchable;
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

fn drain(seat: &Seat, reason: String) -> Action {
    Action::Drain { agent: seat.member.agent.clone(), reason }
}

fn terminate(known: &Known, reason: String) -> Action {
    Action::Terminate { instance: known.instance.clone(), reason }
}
