//! An agent is chosen: Queued → Leased.

use super::{Misplaced, Transition};
use crate::build::{Build, Lease, State};
use crate::event::Effect;
use buildyard_model::{AgentId, LeaseToken, Timestamp};

/// Each grant raises the epoch. The attempt that the token names begins only when the agent accepts.
pub(super) fn apply(build: &mut Build, agent: AgentId, now: Timestamp) -> Transition {
    let State::Queued { .. } = build.state else { return Err(Misplaced) };
    build.epoch += 1;
    build.agent = Some(agent.clone());
    let token = LeaseToken { build: build.spec.id.clone(), attempt: build.attempt + 1, epoch: build.epoch };
    let lease = Lease { agent, token };
    build.state = State::Leased { lease: lease.clone(), since: now };
    Ok(vec![Effect::Offer { lease }])
}
