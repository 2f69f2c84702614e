//! What the runner's journal says about a build, as a value. Pure, and the same for the same events, so an agent
//! that restarts reads the journal from its start and stands where the earlier one stood.
//!
//! The journal is written beside untrusted code: events that cannot be true are passed over, and everything kept
//! is bounded.

use super::ledger::Ledger;
use buildyard_model::Phase;
use buildyard_runner::journal::{Event, PackedArtifact};

/// Exported variables together may be as long as one process's arguments.
const EXPORTED_BYTES: usize = 2 << 20;
/// The primary artifact and 12 secondary ones (reference 6.1).
const ARTIFACTS: usize = 13;
/// A message of a phase's context that is longer is cut.
const MESSAGE_BYTES: usize = 16 << 10;
/// `on-failure: RETRY-<count>` is at most this (reference 1.5).
const RETRIES: u32 = 100;

/// How the walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub failed: bool,
    pub retry_limit: u32,
}

/// The journal so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Projection {
    /// The agent's own phases, then the runner's.
    pub phases: Ledger,
    pub commands_started: bool,
    pub exported: Vec<(String, String)>,
    pub packed: Vec<PackedArtifact>,
    /// Set when the walk is over; nothing counts after it.
    pub verdict: Option<Verdict>,
}

impl Projection {
    /// Goes on behind the agent's own phases.
    pub(crate) fn behind(phases: Ledger) -> Self {
        Self { phases, ..Self::default() }
    }

    /// Applies one event; true when what the coordinator should know has changed.
    pub(crate) fn apply(&mut self, event: Event) -> bool {
        if self.verdict.is_some() {
            return false;
        }
        match event {
            Event::PhaseStarted { phase, time } => is_the_runners(phase) && self.phases.begin(phase, time),
            Event::PhaseEnded { phase, status, mut context, time } => {
                cut(&mut context.message, MESSAGE_BYTES);
                cut(&mut context.status_code, 128);
                is_the_runners(phase) && self.phases.end(phase, status, context, time)
            }
            Event::CommandsStarted => !std::mem::replace(&mut self.commands_started, true),
            Event::Exported { variables } => {
                self.exported = within(variables, EXPORTED_BYTES);
                false
            }
            Event::Packed(artifact) => {
                if self.packed.len() < ARTIFACTS
                    && self.packed.iter().all(|other| other.identifier != artifact.identifier)
                {
                    self.packed.push(artifact);
                }
                false
            }
            Event::Finished { failed, retry_limit } => {
                self.verdict = Some(Verdict { failed, retry_limit: retry_limit.min(RETRIES) });
                false
            }
        }
    }
}

fn is_the_runners(phase: Phase) -> bool {
    phase.has_commands() || phase == Phase::UploadArtifacts
}

fn cut(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
}

/// As many of the variables, from the first, as fit into `limit` bytes.
fn within(variables: Vec<(String, String)>, limit: usize) -> Vec<(String, String)> {
    let mut total = 0;
    let fits = |(name, value): &(String, String)| {
        total += name.len() + value.len();
        total <= limit
    };
    variables.into_iter().take_while(fits).collect()
}

#[cfg(test)]
mod tests;
