//! A buildspec as values: what `parse` gives and the runner walks.

use buildyard_model::Phase;
use serde::{Deserialize, Serialize};

/// The `version` key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// Every command in its own fresh shell (reference 1.9).
    V0_1,
    /// Directory and exported variables are kept between commands (reference 1.10).
    V0_2,
}

/// `env.shell` on Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Shell {
    /// `/bin/sh`.
    #[default]
    Sh,
    /// `bash`, found by `PATH`.
    Bash,
}

/// A whole buildspec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buildspec {
    pub version: Version,
    /// The Linux user of every command whose phase names none; absent means root.
    pub run_as: Option<String>,
    pub env: Env,
    pub proxy: Proxy,
    pub batch: Option<Batch>,
    /// The phases that are present, in CodeBuild's order.
    pub phases: Vec<PhaseSpec>,
    pub reports: Vec<ReportSpec>,
    pub artifacts: Option<Artifacts>,
    pub cache: Option<Cache>,
}

/// The `env` key. Lists keep the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Env {
    pub shell: Shell,
    /// Literal values, scalars as written: `1.10` stays `1.10`.
    pub variables: Vec<(String, String)>,
    /// Variable → parameter name.
    pub parameter_store: Vec<(String, String)>,
    /// Variable → secret reference (reference 1.4).
    pub secrets_manager: Vec<(String, String)>,
    pub exported_variables: Vec<String>,
    pub git_credential_helper: bool,
}

/// The `proxy` key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proxy {
    pub upload_artifacts: bool,
    pub logs: bool,
}

/// One of the four phases of commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseSpec {
    /// INSTALL, PRE_BUILD, BUILD or POST_BUILD.
    pub phase: Phase,
    pub run_as: Option<String>,
    pub on_failure: Option<OnFailure>,
    /// Runtime → version as written; INSTALL only.
    pub runtime_versions: Vec<(String, String)>,
    pub commands: Vec<String>,
    pub finally: Vec<String>,
}

/// The `on-failure` key (reference 1.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    Abort,
    Continue,
    /// Try the build again, `count` times at most (default 3, 0..=100), when the phase's message matches `pattern`
    /// (absent: always). The pattern is known to compile.
    Retry {
        count: u32,
        pattern: Option<String>,
    },
}

/// One artifact's files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArtifactFiles {
    pub files: Vec<String>,
    /// Shell-expanded in the build.
    pub name: Option<String>,
    pub discard_paths: bool,
    /// A directory or a glob; absent means the source root.
    pub base_directory: Option<String>,
    pub exclude_paths: Vec<String>,
    pub enable_symlinks: bool,
    pub s3_prefix: Option<String>,
}

/// The `artifacts` key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Artifacts {
    pub primary: ArtifactFiles,
    /// By artifact identifier.
    pub secondary: Vec<(String, ArtifactFiles)>,
}

/// One entry of `reports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportSpec {
    /// A report group's ARN or a name.
    pub group: String,
    pub files: Vec<String>,
    pub base_directory: Option<String>,
    pub discard_paths: bool,
    pub file_format: ReportFormat,
}

/// `reports.*.file-format`, case-insensitive in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReportFormat {
    CucumberJson,
    #[default]
    JunitXml,
    NunitXml,
    Nunit3Xml,
    TestngXml,
    VisualStudioTrx,
    CloverXml,
    CoberturaXml,
    JacocoXml,
    SimpleCov,
}

/// The `cache` key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cache {
    pub key: Option<String>,
    /// At most 5.
    pub fallback_keys: Vec<String>,
    /// Absent: both.
    pub action: Option<CacheAction>,
    pub paths: Vec<String>,
}

/// `cache.action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CacheAction {
    Restore,
    Save,
}

/// The `batch` key (reference 9.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub fast_fail: bool,
    pub kind: BatchKind,
}

/// Exactly one of the four kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BatchKind {
    List(Vec<BatchTask>),
    Graph(Vec<BatchTask>),
    Matrix(BatchMatrix),
    Fanout { parallelism: u32, ignore_failure: bool },
}

impl BatchKind {
    /// How many builds the batch comes to, without making them: check it against the allowed maximum first.
    pub fn build_count(&self) -> u64 {
        match self {
            Self::List(tasks) | Self::Graph(tasks) => tasks.len() as u64,
            Self::Matrix(matrix) => matrix.build_count(),
            Self::Fanout { parallelism, .. } => u64::from(*parallelism),
        }
    }
}

/// A task of a build-list or build-graph.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BatchTask {
    pub identifier: String,
    pub buildspec: Option<String>,
    pub debug_session: bool,
    /// Graph only.
    pub depend_on: Vec<String>,
    pub ignore_failure: bool,
    pub env: BatchEnv,
}

/// A task's `env`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BatchEnv {
    pub compute_type: Option<String>,
    pub fleet: Option<String>,
    pub image: Option<String>,
    pub kind: Option<String>,
    pub privileged_mode: Option<bool>,
    pub variables: Vec<(String, String)>,
}

/// `build-matrix`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BatchMatrix {
    pub ignore_failure: bool,
    pub privileged_mode: Option<bool>,
    pub kind: Option<String>,
    pub buildspecs: Vec<String>,
    pub compute_types: Vec<String>,
    pub images: Vec<String>,
    /// Variable → its values.
    pub variables: Vec<(String, Vec<String>)>,
}

impl BatchMatrix {
    /// The size of the product; an empty list does not vary and counts as one. Never overflows.
    fn build_count(&self) -> u64 {
        let variables = self.variables.iter().map(|(_, values)| values.len());
        [self.buildspecs.len(), self.compute_types.len(), self.images.len()]
            .into_iter()
            .chain(variables)
            .fold(1, |product: u64, values| product.saturating_mul(values.max(1) as u64))
    }
}
