//! The agent's final word: Leased, Running or Stopping → Finished. The first report of the lease in force is the
//! only one accepted.
//!
//! A stop that races with a result (reliability F54): the report stands, whatever it says. It was written when the
//! build had ended, so state, phases, log and artifacts all tell the same; the stop came too late. What a stop does
//! prevent is another try.

use super::{Transition, accept, end, history, progress, retry};
use crate::build::{Build, State};
use crate::event::{Effect, Report};
use buildyard_model::{LeaseToken, Outcome, Timestamp};

pub(super) fn apply(build: &mut Build, token: LeaseToken, report: Report, now: Timestamp) -> Transition {
    accept::apply(build, now)?;
    let stopping = matches!(build.state, State::Stopping { .. });
    let outcome = report.outcome;
    let effects = effects(build, &token, &report, stopping);
    build.commands_started |= progress::reaches_commands(&report.phases);
    history::merge(&mut build.phases, report.phases, now);
    build.exported = report.exported;
    build.artifacts = report.artifacts;
    build.log_bytes = Some(report.log_bytes);
    build.accepted = Some(token);
    let too_late = (stopping && outcome != Outcome::Stopped).then(|| "it ended before the stop reached it".to_owned());
    end::end(build, outcome, report.reason.or(too_late), now);
    Ok(effects)
}

fn effects(build: &mut Build, token: &LeaseToken, report: &Report, stopping: bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    // A success without artifacts has begun no upload; any other try may have left something behind.
    if report.outcome != Outcome::Succeeded || !report.artifacts.is_empty() {
        effects.push(Effect::DropUploads { token: token.clone() });
    }
    effects.extend(build.agent.clone().map(|agent| Effect::Freed { agent }));
    if matches!(report.outcome, Outcome::Failed | Outcome::Fault) && !stopping {
        effects.extend(retry::promise(build, report.retry_limit));
    }
    effects
}
