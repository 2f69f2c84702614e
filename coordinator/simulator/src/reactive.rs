//! The policy that most autoscalers of build fleets have, for comparison: one instance per waiting build, less those on
//! their way, and an agent goes when it was idle for ten minutes.

use buildyard_model::{InstanceId, Ticket, Timestamp};
use buildyard_scheduler::scaling::{Action, FleetView, Policy};
use std::time::Duration;

/// How long an agent may be idle.
pub const IDLE: Duration = Duration::from_secs(600);

/// What it does now. Of the policy it keeps `max`.
pub(crate) fn plan(view: &FleetView, policy: &Policy, now: Timestamp) -> Vec<Action> {
    let starting = view.pending.len();
    let there = view.members.len() + starting;
    let room = usize::try_from(policy.max).unwrap_or(usize::MAX).saturating_sub(there);
    let launches = view.waiting.len().saturating_sub(starting).min(room);
    let count = u32::try_from(launches).unwrap_or(u32::MAX);
    let launch = (count > 0).then(|| Action::Launch { count, reason: "builds wait".to_owned() });
    let lost = view.pending.iter().filter(|pending| now.since(pending.asked_at) >= policy.join_within);
    let (forget, lost): (Vec<Action>, Vec<Ticket>) = lost
        .map(|pending| (Action::Forget { ticket: pending.ticket, reason: "never joined".to_owned() }, pending.ticket))
        .unzip();
    let never_joined =
        view.instances.iter().flatten().filter(|known| known.ticket.is_some_and(|of| lost.contains(&of)));
    let give_up = never_joined.map(|known| end(&known.instance, "never joined"));
    let idle = view
        .members
        .iter()
        .filter(|member| member.builds == 0 && member.idle_since.is_some_and(|since| now.since(since) >= IDLE));
    let ended = idle.filter_map(|member| Some(end(member.instance.as_ref()?, "idle")));
    launch.into_iter().chain(forget).chain(give_up).chain(ended).collect()
}

fn end(instance: &InstanceId, reason: &str) -> Action {
    Action::Terminate { instance: instance.clone(), reason: reason.to_owned() }
}
