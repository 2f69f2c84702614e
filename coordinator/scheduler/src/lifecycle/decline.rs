//! The agent will not run the build: Leased → Queued, as if never offered. A build that was to stop ends instead.

use super::{Misplaced, Transition, end, requeue};
use crate::build::{Build, State};
use crate::event::Effect;
use buildyard_model::{Outcome, Timestamp};

pub(super) fn apply(build: &mut Build, reason: &str, now: Timestamp) -> Transition {
    match build.state.clone() {
        State::Leased { lease, .. } => {
            requeue::requeue(build, format!("agent {} declined it: {reason}", lease.agent));
            Ok(vec![Effect::Freed { agent: lease.agent }, Effect::Match])
        }
        State::Stopping { lease, .. } => {
            end::end(build, Outcome::Stopped, None, now);
            Ok(vec![Effect::Freed { agent: lease.agent }])
        }
        State::Queued { .. } | State::Running { .. } | State::Finished { .. } => Err(Misplaced),
    }
}
