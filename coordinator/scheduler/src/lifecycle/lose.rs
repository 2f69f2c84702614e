//! The agent is gone, or has forgotten the build. Before a command began the build is queued again; after that it
//! ends as FAULT, since nobody can say what its commands have done already; its project may ask for another build then.

use super::{Misplaced, Transition, end, requeue, retry};
use crate::build::{Build, State};
use crate::event::Effect;
use buildyard_model::{Outcome, Timestamp};

/// A build with which so many agents were lost is held to be the cause, and ends (reliability F65).
pub const MAX_LOSSES: u32 = 3;

pub(super) fn apply(build: &mut Build, reason: &str, now: Timestamp) -> Transition {
    let lease = match build.state.clone() {
        State::Leased { lease, .. } | State::Running { lease, .. } => lease,
        State::Stopping { lease, .. } => {
            let reason = format!("agent {} was lost before it confirmed the stop: {reason}", lease.agent);
            end::end(build, Outcome::Stopped, Some(reason.clone()), now);
            return Ok(end::taken_away(lease, reason));
        }
        State::Queued { .. } | State::Finished { .. } => return Err(Misplaced),
    };
    let reason = format!("agent {} was lost: {reason}", lease.agent);
    let mut effects = end::taken_away(lease, reason.clone());
    if build.commands_started {
        end::end(
            build,
            Outcome::Fault,
            Some(format!("{reason}; its commands had begun, so it was not run again")),
            now,
        );
        effects.extend(retry::promise(build, 0));
        return Ok(effects);
    }
    build.losses += 1;
    if build.losses >= MAX_LOSSES {
        let reason = format!("{reason}; {MAX_LOSSES} agents were lost with it, so it was not run again");
        end::end(build, Outcome::Fault, Some(reason), now);
    } else {
        requeue::requeue(build, reason);
        effects.push(Effect::Match);
    }
    Ok(effects)
}
