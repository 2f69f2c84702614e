//! How a build ends, and the status that a build shows meanwhile.

use crate::phase::PhaseStatus;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The end of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Every phase went well.
    Succeeded,
    /// The user's part failed.
    Failed,
    /// Our part failed.
    Fault,
    /// The build or its wait took too long.
    TimedOut,
    /// Somebody stopped it.
    Stopped,
}

impl Outcome {
    /// The phase status that says the same.
    pub fn phase_status(self) -> PhaseStatus {
        match self {
            Self::Succeeded => PhaseStatus::Succeeded,
            Self::Failed => PhaseStatus::Failed,
            Self::Fault => PhaseStatus::Fault,
            Self::TimedOut => PhaseStatus::TimedOut,
            Self::Stopped => PhaseStatus::Stopped,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.phase_status().name())
    }
}

/// CodeBuild's `buildStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BuildStatus {
    InProgress,
    Succeeded,
    Failed,
    Fault,
    TimedOut,
    Stopped,
}

impl From<Outcome> for BuildStatus {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Failed => Self::Failed,
            Outcome::Fault => Self::Fault,
            Outcome::TimedOut => Self::TimedOut,
            Outcome::Stopped => Self::Stopped,
        }
    }
}

impl fmt::Display for BuildStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Fault => "FAULT",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        })
    }
}
