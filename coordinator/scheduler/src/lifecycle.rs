//! A build's life: the one entry point through which events change builds. One transition per file beneath.
//!
//! `lifecycle/table.txt` shows every state with every event; a test holds it to the code. The caller (`service`)
//! commits a step by optimistic version and does the effects.
//!
//! Promise: at most one accepted result per build, and a finished build never changes.

mod accept;
mod decline;
mod end;
mod expire_offer;
mod expire_stop;
mod export;
mod finish;
pub(crate) mod history;
mod lease;
mod lose;
mod progress;
mod requeue;
mod retry;
mod stop;
mod time_out;
mod withdraw;

pub use lose::MAX_LOSSES;

use crate::build::{Build, State};
use crate::event::{Effect, Event, Rejected, Step};
use crate::invariant;
use buildyard_model::Timestamp;

/// The event does not fit the state.
struct Misplaced;

/// What a transition does to its copy of the build: changes it and says what follows.
type Transition = Result<Vec<Effect>, Misplaced>;

/// Applies one event. Pure: the same build, event and time give the same step.
///
/// # Errors
/// A [`Rejected`], after which there is nothing to commit.
pub fn apply(build: &Build, event: Event, now: Timestamp) -> Result<Step, Rejected> {
    if let Some(token) = event.token() {
        build.fence(token)?;
    }
    let name = event.name();
    let mut next = build.clone();
    let mut effects = match event {
        Event::Lease { agent } => lease::apply(&mut next, agent, now),
        Event::Accept { .. } => accept::apply(&mut next, now),
        Event::Decline { reason, .. } => decline::apply(&mut next, &reason, now),
        Event::OfferExpired => expire_offer::apply(&mut next),
        Event::Withdraw { reason, .. } => withdraw::apply(&mut next, &reason),
        Event::Progress { phases, commands_started, image_digest, resolved_source_version, .. } => {
            let report = progress::Report { phases, commands_started, image_digest, resolved_source_version };
            progress::apply(&mut next, report, now)
        }
        Event::Finish { token, report } => finish::apply(&mut next, token, report, now),
        Event::Stop => stop::apply(&mut next, now),
        Event::StopExpired => expire_stop::apply(&mut next, now),
        Event::Lost { reason } => lose::apply(&mut next, &reason, now),
        Event::QueueTimeout => time_out::apply(&mut next, now),
    }
    .map_err(|Misplaced| rejection(build, name))?;
    if next == *build {
        return Err(Rejected::Unchanged);
    }
    next.version += 1;
    effects.extend(export::effect(build, &next));
    debug_assert_eq!(invariant::check_step(build, &next), Ok(()), "{name}");
    Ok(Step { build: next, effects })
}

fn rejection(build: &Build, event: &'static str) -> Rejected {
    match &build.state {
        State::Finished { .. } => Rejected::Finished,
        state => Rejected::NotNow { state: state.name(), event },
    }
}

#[cfg(test)]
mod tests;
