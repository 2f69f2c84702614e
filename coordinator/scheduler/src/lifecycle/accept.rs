//! The agent takes the build: Leased → Running. Repeated, it changes nothing.

use super::{Misplaced, Transition, history};
use crate::build::{Build, Lease, State};
use buildyard_model::Timestamp;

/// A build that is being stopped goes on stopping; all the same its try has begun.
pub(super) fn apply(build: &mut Build, now: Timestamp) -> Transition {
    match build.state.clone() {
        State::Leased { lease, since } => {
            begin_try(build, &lease, since);
            build.state = State::Running { lease, since: now };
        }
        State::Stopping { lease, since } => begin_try(build, &lease, since),
        State::Running { .. } => {}
        State::Queued { .. } | State::Finished { .. } => return Err(Misplaced),
    }
    Ok(Vec::new())
}

/// The wait ended when the agent was chosen, `granted_at`, not when its answer came.
fn begin_try(build: &mut Build, lease: &Lease, granted_at: Timestamp) {
    if build.attempt < lease.token.attempt {
        build.attempt = lease.token.attempt;
        history::begin_try(&mut build.phases, granted_at);
    }
}
