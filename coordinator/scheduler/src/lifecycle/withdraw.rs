//! An offer is taken back before the agent said yes: Leased → Queued. Should it say so later, its lease is stale.

use super::{Misplaced, Transition, requeue};
use crate::build::{Build, State};
use crate::event::Effect;

pub(super) fn apply(build: &mut Build, reason: &str) -> Transition {
    let State::Leased { lease, .. } = build.state.clone() else { return Err(Misplaced) };
    let agent = lease.agent.clone();
    let reason = format!("the offer to agent {agent} was taken back: {reason}");
    requeue::requeue(build, reason.clone());
    Ok(vec![Effect::Revoke { lease, reason }, Effect::Freed { agent }, Effect::Match])
}
