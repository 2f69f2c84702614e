//! The agent did not say yes in time: Leased → Queued. Should it say so later, its lease is stale.

use super::{Misplaced, Transition, requeue};
use crate::build::{Build, State};
use crate::event::Effect;

pub(super) fn apply(build: &mut Build) -> Transition {
    let State::Leased { lease, .. } = build.state.clone() else { return Err(Misplaced) };
    let agent = lease.agent.clone();
    let reason = format!("agent {agent} did not take it in time");
    requeue::requeue(build, reason.clone());
    Ok(vec![Effect::Revoke { lease, reason }, Effect::Freed { agent }, Effect::Match])
}
