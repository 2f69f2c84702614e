//! Back into the queue: what every way there has in common.

use super::history;
use crate::build::{Build, State};

/// Forgets the attempt in force. The wait goes on as if it had never been interrupted, so that lost agents cannot
/// stretch a build's life beyond its queue time-out (invariant I2).
pub(super) fn requeue(build: &mut Build, reason: String) {
    let since = history::reopen_queue(&mut build.phases).unwrap_or(build.spec.submitted_at);
    build.state = State::Queued { since };
    build.commands_started = false;
    build.image_digest = None;
    build.resolved_source_version = None;
    build.reason = Some(reason);
}
