//! The agent did not confirm the stop in time: Stopping → Finished. A later confirmation is stale.

use super::{Misplaced, Transition, end};
use crate::build::{Build, State};
use buildyard_model::{Outcome, Timestamp};

pub(super) fn apply(build: &mut Build, now: Timestamp) -> Transition {
    let State::Stopping { lease, .. } = build.state.clone() else { return Err(Misplaced) };
    let reason = format!("agent {} did not confirm the stop in time", lease.agent);
    end::end(build, Outcome::Stopped, Some(reason.clone()), now);
    Ok(end::taken_away(lease, reason))
}
