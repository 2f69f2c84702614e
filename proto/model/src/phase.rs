//! CodeBuild's phases (reference 2.1): records of a build's history, not its state.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A phase, in the order in which CodeBuild walks them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// The request was accepted.
    Submitted,
    /// The build waits for an agent.
    Queued,
    /// Image and container are made ready.
    Provisioning,
    /// Sources, buildspec, decrypted variables.
    DownloadSource,
    /// User commands.
    Install,
    /// User commands.
    PreBuild,
    /// User commands.
    Build,
    /// User commands.
    PostBuild,
    /// Artifacts are packed and stored.
    UploadArtifacts,
    /// The container is taken down.
    Finalizing,
    /// The end; has a start and nothing else.
    Completed,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Self; 11] = [
        Self::Submitted,
        Self::Queued,
        Self::Provisioning,
        Self::DownloadSource,
        Self::Install,
        Self::PreBuild,
        Self::Build,
        Self::PostBuild,
        Self::UploadArtifacts,
        Self::Finalizing,
        Self::Completed,
    ];

    /// The phases that hold user commands, in order.
    pub const OF_COMMANDS: [Self; 4] = [Self::Install, Self::PreBuild, Self::Build, Self::PostBuild];

    /// CodeBuild's name of the phase: `PRE_BUILD`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Queued => "QUEUED",
            Self::Provisioning => "PROVISIONING",
            Self::DownloadSource => "DOWNLOAD_SOURCE",
            Self::Install => "INSTALL",
            Self::PreBuild => "PRE_BUILD",
            Self::Build => "BUILD",
            Self::PostBuild => "POST_BUILD",
            Self::UploadArtifacts => "UPLOAD_ARTIFACTS",
            Self::Finalizing => "FINALIZING",
            Self::Completed => "COMPLETED",
        }
    }

    /// Whether the phase's commands are the user's.
    pub fn has_commands(self) -> bool {
        Self::OF_COMMANDS.contains(&self)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PhaseStatus {
    Succeeded,
    Failed,
    Fault,
    TimedOut,
    Stopped,
}

impl PhaseStatus {
    /// CodeBuild's name of the status.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Fault => "FAULT",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }
}

impl fmt::Display for PhaseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a phase ended as it did: CodeBuild's status code and a sentence. Both empty when all is well.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseContext {
    /// For example `COMMAND_EXECUTION_ERROR`, `YAML_FILE_ERROR`, `CLIENT_ERROR`, `BUILD_TIMED_OUT`.
    pub status_code: String,
    /// What a person reads.
    pub message: String,
}

impl PhaseContext {
    /// A context with its code and message.
    pub fn new(status_code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status_code: status_code.into(), message: message.into() }
    }
}

/// One entry of a build's `phases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseRecord {
    /// Which phase.
    pub phase_type: Phase,
    /// Absent while the phase runs, and on COMPLETED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_status: Option<PhaseStatus>,
    /// When it began.
    pub start_time: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// One context from PROVISIONING on; none before, and none when stopped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contexts: Vec<PhaseContext>,
}

impl PhaseRecord {
    /// A phase that has just begun.
    pub fn begun(phase_type: Phase, start_time: Timestamp) -> Self {
        Self { phase_type, phase_status: None, start_time, end_time: None, contexts: Vec::new() }
    }
}
