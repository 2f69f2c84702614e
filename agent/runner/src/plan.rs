//! What the agent tells the runner: one JSON file, complete before the runner begins to walk.

use buildyard_buildspec::Buildspec;
use buildyard_model::Packaging;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// File names within the control directory.
pub const PLAN_FILE: &str = "plan.json";
/// Beside `--control`: the runner waits for its plan.
pub const WAIT_FLAG: &str = "--wait";
/// The journal's name within the control directory.
pub const JOURNAL_FILE: &str = "journal";
/// ZIPs and copied files for the agent to upload lie in this folder of the control directory.
pub const OUTPUT_DIRECTORY: &str = "output";

/// One build's walk. All paths are as the runner sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub buildspec: Buildspec,
    /// Variables on top of the image's own, merged in the order of reference 3.4, without secrets.
    pub environment: BTreeMap<String, String>,
    /// A JSON object of name → value; read once and then removed. It lies in memory, never on a disk.
    pub secrets_file: Option<PathBuf>,
    /// A JSON list of [`crate::GitCredential`] for git commands of the build; as the secrets' file. Absent: none.
    #[serde(default)]
    pub git_credentials_file: Option<PathBuf>,
    /// `CODEBUILD_SRC_DIR`.
    pub source_directory: PathBuf,
    /// The folder that runner and agent both see as [`crate::journal::PackedRoot::Workspace`]. Empty: none, and every
    /// file to be uploaded is copied to the output folder.
    #[serde(default)]
    pub workspace: PathBuf,
    /// For scripts and the saved environment; the runner makes it and keeps others out of it.
    pub state_directory: PathBuf,
    /// What to pack when the commands are done: the primary artifact first.
    pub artifacts: Vec<ArtifactOrder>,
    /// Bytes of log that are kept; what a build prints beyond is lost. None: all.
    #[serde(default)]
    pub log_limit_bytes: Option<u64>,
    /// Whether `codebuild-breakpoint` pauses.
    pub debug_session: bool,
    /// Whether the runner has a container to itself: it may then make users' directories, reap every process and
    /// put helper programs into /codebuild.
    pub in_container: bool,
}

/// How one artifact is to be packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactOrder {
    /// Absent for the primary artifact.
    pub identifier: Option<String>,
    pub packaging: Packaging,
    /// Whether the buildspec's `name` is wanted, expanded by the build's shell.
    pub override_name: bool,
}
