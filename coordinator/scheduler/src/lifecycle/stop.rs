//! A person wants the end: a waiting build ends at once, one in an agent's hands when the agent has confirmed.
//! Asking twice, or after the end, changes nothing (reliability F53).

use super::{Transition, end};
use crate::build::{Build, State};
use crate::event::Effect;
use buildyard_model::{Outcome, Timestamp};

pub(super) fn apply(build: &mut Build, now: Timestamp) -> Transition {
    match build.state.clone() {
        State::Queued { .. } => {
            end::end(build, Outcome::Stopped, None, now);
            Ok(Vec::new())
        }
        State::Leased { lease, .. } | State::Running { lease, .. } => {
            build.state = State::Stopping { lease: lease.clone(), since: now };
            Ok(vec![Effect::SendStop { lease }])
        }
        State::Stopping { .. } | State::Finished { .. } => Ok(Vec::new()),
    }
}
