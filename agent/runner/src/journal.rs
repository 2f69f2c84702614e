//! The journal: an append-only file of framed records, written by the runner, followed by the agent.
//!
//! It is written beside untrusted code. The reader checks lengths, kinds and checksums, never trusts a size it
//! has not bounded, and reports damage as an error instead of guessing.

mod frame;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

pub use frame::{MAX_EVENT_BYTES, MAX_LOG_BYTES};
pub use reader::{ReadError, Reader};
pub use writer::Writer;

use buildyard_model::{Phase, PhaseContext, PhaseStatus, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Bytes of the log, at most 64 KiB, secrets masked.
    Log { time: Timestamp, bytes: Vec<u8> },
    /// Anything else.
    Event(Event),
}

/// What happened besides output. Stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    PhaseStarted {
        phase: Phase,
        time: Timestamp,
    },
    PhaseEnded {
        phase: Phase,
        status: PhaseStatus,
        context: PhaseContext,
        time: Timestamp,
    },
    /// The next thing to run is the user's.
    CommandsStarted,
    /// `env.exported-variables`, read after POST_BUILD.
    Exported {
        variables: Vec<(String, String)>,
    },
    /// One artifact, packed.
    Packed(PackedArtifact),
    /// The walk is over; nothing follows.
    Finished {
        /// Whether the build failed by the rules of reference 2.2.
        failed: bool,
        /// When a failing phase's `on-failure` asks for another try: at most this many after the first.
        retry_limit: u32,
    },
}

/// An artifact ready to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedArtifact {
    pub identifier: Option<String>,
    /// The expanded `artifacts.name`, when the order asked for it.
    pub name: Option<String>,
    pub s3_prefix: Option<String>,
    /// How many files it holds.
    pub files: u64,
    /// A file in the control directory's `output` that lists what to upload, one JSON [`PackedFile`] a line: one
    /// line for a ZIP, a line per file otherwise.
    pub list: String,
    /// Of the ZIP; empty with packaging NONE.
    pub sha256sum: String,
    /// Of the ZIP; empty with packaging NONE.
    pub md5sum: String,
}

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedFile {
    /// Which folder `path` is in.
    pub root: PackedRoot,
    /// Relative to the root, with '/' between names.
    pub path: String,
    /// The object's name within the artifact: relative, normalised, without `..`. Empty for a ZIP.
    pub name: String,
    pub size_bytes: u64,
}

/// Folders that runner and agent both see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackedRoot {
    /// The workspace (the folder mounted at /codebuild/output).
    Workspace,
    /// `output` in the control directory: ZIPs, and copies of files that lie outside the workspace.
    Output,
}
