//! How far a build is, as a restarted agent finds it: the stage, and what is needed to go on from there.

use crate::moment::Moment;
use crate::report::{Finished, Snapshot};
use crate::run::ledger::Ledger;
use buildyard_executor::SandboxId;
use serde::{Deserialize, Serialize};

/// The file `state.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub stage: Stage,
    /// When the work began; the build's time-out counts from here.
    pub began: Option<Moment>,
    /// The agent's own phases so far.
    pub phases: Ledger,
    pub image_digest: Option<String>,
    pub resolved_source_version: Option<String>,
    /// Whether the sandbox was started before the build came: until it has a journal, another can take its place.
    pub warm: bool,
    /// Decided, and to be carried out whatever happens to this process.
    pub ending: Option<Ending>,
}

/// Where a build is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub(crate) enum Stage {
    /// No command of the user can have begun: it may begin again from the start.
    #[default]
    Preparing,
    /// The sandbox is made and its plan complete; it is being started, runs, or has ended. What it did is in the
    /// runner's journal, which is read again from its start.
    Walking { sandbox: SandboxId },
    /// The result is known; what is left is to report it and to clear up.
    Reporting {
        sandbox: Option<SandboxId>,
        finished: Box<Finished>,
        /// Whether storage holds the log, as far as it ever will.
        logged: bool,
    },
}

/// Why a build is ended before its own end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ending")]
pub(crate) enum Ending {
    /// Somebody wants it.
    Stopped { grace_ms: u64 },
    /// It took too long.
    TimedOut,
    /// The agent cannot go on with it.
    GaveUp { reason: String },
}

impl State {
    /// What the coordinator may know of it. `commands_started` is the journal's to say.
    pub(crate) fn snapshot(&self, phases: &Ledger, commands_started: bool) -> Snapshot {
        Snapshot {
            phases: phases.records().to_vec(),
            commands_started,
            image_digest: self.image_digest.clone(),
            resolved_source_version: self.resolved_source_version.clone(),
        }
    }

    /// The sandbox that may be there.
    pub(crate) fn sandbox(&self) -> Option<&SandboxId> {
        match &self.stage {
            Stage::Preparing => None,
            Stage::Walking { sandbox } => Some(sandbox),
            Stage::Reporting { sandbox, .. } => sandbox.as_ref(),
        }
    }
}
