//! The build waited longer than its queue time-out: Queued → Finished.

use super::{Misplaced, Transition, end};
use crate::build::{Build, State};
use buildyard_model::{Outcome, Timestamp};

pub(super) fn apply(build: &mut Build, now: Timestamp) -> Transition {
    let State::Queued { .. } = build.state else { return Err(Misplaced) };
    let waited = "no agent took it within its queue time-out".to_owned();
    let reason = build.reason.take().map_or(waited.clone(), |earlier| format!("{waited}; {earlier}"));
    end::end(build, Outcome::TimedOut, Some(reason), now);
    Ok(Vec::new())
}
