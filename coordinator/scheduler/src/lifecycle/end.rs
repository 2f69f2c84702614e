//! The end of a build: what every way there has in common.

use super::history;
use crate::build::{Build, Lease, State};
use crate::event::Effect;
use buildyard_model::{Outcome, PhaseContext, Timestamp};

/// Ends the running phase as the build ends, and adds COMPLETED.
pub(super) fn end(build: &mut Build, outcome: Outcome, reason: Option<String>, now: Timestamp) {
    let context = context(outcome, reason.as_deref());
    let at = history::complete(&mut build.phases, outcome.phase_status(), context, now);
    build.state = State::Finished { outcome, at };
    build.reason = reason;
}

/// What follows when a build leaves an agent without the agent's word.
pub(super) fn taken_away(lease: Lease, reason: String) -> Vec<Effect> {
    let (agent, token) = (lease.agent.clone(), lease.token.clone());
    vec![Effect::Revoke { lease, reason }, Effect::DropUploads { token }, Effect::Freed { agent }]
}

/// Why the running phase ended (reference 1.7, 2.3, 2.4): nothing for a stop, which is no error.
fn context(outcome: Outcome, reason: Option<&str>) -> Option<PhaseContext> {
    match outcome {
        Outcome::Stopped => None,
        Outcome::Succeeded => Some(PhaseContext::default()),
        Outcome::Failed => Some(PhaseContext::new("CLIENT_ERROR", reason.unwrap_or_default())),
        Outcome::TimedOut => Some(PhaseContext::new("BUILD_TIMED_OUT", "Build has timed out. ")),
        Outcome::Fault => Some(PhaseContext::new("INTERNAL_SERVICE_ERROR", reason.unwrap_or_default())),
    }
}
