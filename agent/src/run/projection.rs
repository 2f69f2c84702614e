//! What the runner's journal says about a build, as a value. Pure, and the same for the same events, so an agent
//! that restarts reads the journal from its start and stands where the earlier one stood.
//!
//! The journal is written beside untrusted code: events that cannot be true are passed over, and everything kept
//! is bounded.

use super::ledger::Ledger;
use buildyard_model::{Phase, PhaseContext};
use buildyard_runner::journal::{Event, PackedArtifact};
use buildyard_runner::limits;

/// The primary artifact and 12 secondary ones (reference 6.1).
const ARTIFACTS: usize = 13;
/// The longest of an artifact's other texts: the name of its list, its sums.
const ARTIFACT_TEXT_BYTES: usize = 512;
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
                bound_context(&mut context);
                is_the_runners(phase) && self.phases.end(phase, status, context, time)
            }
            Event::CommandsStarted => !std::mem::replace(&mut self.commands_started, true),
            Event::Exported { variables } => {
                self.exported = limits::exported(variables).0;
                false
            }
            Event::Packed(mut artifact) => {
                if self.packed.len() < ARTIFACTS
                    && bound_artifact(&mut artifact)
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

/// Cuts what a context says to what is kept of it.
pub(super) fn bound_context(context: &mut PhaseContext) {
    limits::cut(&mut context.message, limits::MESSAGE_BYTES);
    limits::cut(&mut context.status_code, limits::STATUS_CODE_BYTES);
}

/// Cuts an artifact's name and prefix; false when another of its texts is one that no runner ever wrote.
fn bound_artifact(artifact: &mut PackedArtifact) -> bool {
    for text in artifact.name.iter_mut().chain(&mut artifact.s3_prefix) {
        limits::cut(text, limits::ARTIFACT_NAME_BYTES);
    }
    let texts = [&artifact.list, &artifact.sha256sum, &artifact.md5sum];
    texts.into_iter().chain(&artifact.identifier).all(|text| text.len() <= ARTIFACT_TEXT_BYTES)
}

#[cfg(test)]
mod tests;
