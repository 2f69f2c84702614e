//! Why a build goes no further, and what that means for its phases and its outcome. The meaning is pure.

use super::ledger::Ledger;
use super::projection::bound_context;
use crate::folder::Ending;
use crate::orders::Told;
use buildyard_model::{Outcome, Phase, PhaseContext, PhaseStatus, Timestamp};

/// Why it stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// Something that the build's owner can mend.
    Failed(PhaseContext),
    /// Something of ours.
    Fault(PhaseContext),
    TimedOut,
    Told(Told),
}

/// What a halt comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Consequence {
    pub outcome: Outcome,
    pub context: PhaseContext,
    /// For FAULT.
    pub reason: String,
}

impl Halt {
    /// The halt that an ending decided by an earlier process means.
    pub(super) fn from_ending(ending: &Ending) -> Self {
        match ending {
            Ending::TimedOut => Self::TimedOut,
            Ending::Stopped { .. } | Ending::GaveUp { .. } => Self::Told(Told::End(ending.clone())),
        }
    }

    /// The ending to be kept on disk before it is carried out.
    pub(super) fn ending(&self) -> Option<Ending> {
        match self {
            Self::TimedOut => Some(Ending::TimedOut),
            Self::Told(Told::End(ending)) => Some(ending.clone()),
            Self::Failed(_) | Self::Fault(_) | Self::Told(Told::Revoked(_)) => None,
        }
    }

    pub(super) fn consequence(&self) -> Consequence {
        let (outcome, mut context) = match self {
            Self::Failed(context) => (Outcome::Failed, context.clone()),
            Self::Fault(context) => (Outcome::Fault, context.clone()),
            // With the trailing space (reference 1.7).
            Self::TimedOut => (Outcome::TimedOut, PhaseContext::new("BUILD_TIMED_OUT", "Build has timed out. ")),
            Self::Told(Told::End(Ending::GaveUp { reason })) => {
                (Outcome::Fault, PhaseContext::new("INTERNAL_ERROR", reason.clone()))
            }
            Self::Told(_) => (Outcome::Stopped, PhaseContext::default()),
        };
        // It may quote the journal, or what a server said.
        bound_context(&mut context);
        let reason = if outcome == Outcome::Fault { context.message.clone() } else { String::new() };
        Consequence { outcome, context, reason }
    }
}

/// Ends the phases as the halt says (reference 2.2, 2.4): the running phase ends with it, and FINALIZING follows, except
/// after a stop and after a failure before there was anything to take down. Gives the phase that was ended.
pub(super) fn end_phases(phases: &mut Ledger, outcome: Outcome, context: PhaseContext, now: Timestamp) -> Phase {
    let next = match phases.records().last().map(|last| last.phase_type) {
        None => Phase::Provisioning,
        Some(Phase::Provisioning) => Phase::DownloadSource,
        Some(Phase::DownloadSource) => Phase::Install,
        Some(Phase::Install) => Phase::PreBuild,
        Some(Phase::PreBuild) => Phase::Build,
        Some(Phase::Build) => Phase::PostBuild,
        Some(_) => Phase::UploadArtifacts,
    };
    let status: PhaseStatus = outcome.phase_status();
    let ended = phases.running().unwrap_or(next);
    phases.end_running_or(next, status, context, now);
    if outcome != Outcome::Stopped && ended != Phase::Provisioning {
        phases.pass(Phase::Finalizing, now);
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_runner::limits::{MARKER, MESSAGE_BYTES};

    fn walked(phases: &[Phase], running: bool) -> Ledger {
        let mut ledger = Ledger::default();
        for phase in phases {
            ledger.begin(*phase, Timestamp(1));
            if !running || phases.last() != Some(phase) {
                ledger.end(*phase, PhaseStatus::Succeeded, PhaseContext::default(), Timestamp(2));
            }
        }
        ledger
    }

    fn ended(mut ledger: Ledger, halt: &Halt) -> Vec<String> {
        let Consequence { outcome, context, .. } = halt.consequence();
        end_phases(&mut ledger, outcome, context, Timestamp(9));
        let line = |record: &buildyard_model::PhaseRecord| {
            format!("{} {} {}", record.phase_type, record.phase_status.unwrap(), record.contexts.len())
        };
        ledger.records().iter().map(line).collect()
    }

    #[test]
    fn nothing_follows_a_stopped_phase() {
        let stop = Halt::Told(Told::End(Ending::Stopped { grace_ms: 1 }));
        let ledger = walked(&[Phase::Provisioning, Phase::DownloadSource, Phase::Build], true);
        assert_eq!(
            ended(ledger, &stop),
            ["PROVISIONING SUCCEEDED 1", "DOWNLOAD_SOURCE SUCCEEDED 1", "BUILD STOPPED 0"]
        );
    }

    #[test]
    fn a_failed_download_is_finalized_and_a_failed_provisioning_is_not() {
        let failed = Halt::Failed(PhaseContext::new("YAML_FILE_ERROR", "x"));
        let ledger = walked(&[Phase::Provisioning, Phase::DownloadSource], true);
        assert_eq!(
            ended(ledger, &failed),
            ["PROVISIONING SUCCEEDED 1", "DOWNLOAD_SOURCE FAILED 1", "FINALIZING SUCCEEDED 1"]
        );
        assert_eq!(ended(walked(&[Phase::Provisioning], true), &failed), ["PROVISIONING FAILED 1"]);
    }

    #[test]
    fn a_time_out_between_phases_is_put_on_the_next_one() {
        let ledger = walked(&[Phase::Provisioning, Phase::DownloadSource], false);
        let lines = ended(ledger, &Halt::TimedOut);
        assert_eq!(lines[2..], ["INSTALL TIMED_OUT 1", "FINALIZING SUCCEEDED 1"]);
        let consequence = Halt::TimedOut.consequence();
        assert_eq!(consequence.context, PhaseContext::new("BUILD_TIMED_OUT", "Build has timed out. "));
    }

    #[test]
    fn what_a_halt_says_is_bounded() {
        let halt = Halt::Fault(PhaseContext::new("INTERNAL_ERROR", "x".repeat(10 << 20)));
        let Consequence { context, reason, .. } = halt.consequence();
        assert!(
            context.message.ends_with(MARKER) && context.message.len() == MESSAGE_BYTES && reason == context.message
        );
    }

    #[test]
    fn giving_up_is_our_fault_and_says_why() {
        let halt = Halt::Told(Told::End(Ending::GaveUp { reason: "no contact".into() }));
        let consequence = halt.consequence();
        assert_eq!((consequence.outcome, consequence.reason.as_str()), (Outcome::Fault, "no contact"));
    }
}
