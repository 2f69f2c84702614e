//! The seam: what an executor promises.

use async_trait::async_trait;
use buildyard_model::{Architecture, PullPolicy, Resources, Secret};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Names a sandbox to its executor, also after the agent was restarted: a container's name, a process's identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SandboxId(pub String);

/// What an executor can do, as found by asking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// `docker`, `podman`, `host` or `fake`.
    pub name: &'static str,
    /// Of the engine, for people: `20.10.24`.
    pub version: String,
    pub architecture: Architecture,
    /// CPUs and memory that sandboxes can share.
    pub resources: Resources,
    /// Whether a sandbox is kept apart from the host and from other sandboxes at all.
    pub isolates: bool,
    /// Whether cloud metadata addresses are out of a sandbox's reach.
    pub blocks_metadata: bool,
}

/// Which image a sandbox is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRequest {
    /// `repo:tag`, `repo@sha256:…` or an image id.
    pub reference: String,
    pub pull: PullPolicy,
    /// What the registry is shown; without it, whatever the engine itself is logged in with.
    pub login: Option<RegistryLogin>,
}

/// Who pulls an image from a registry that does not give it to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryLogin {
    pub username: String,
    pub password: Secret,
}

/// Told to people while something takes long: a line without line break, for example `Pulling redis: 12.1 of 40.0 MiB`.
pub type Progress<'a> = &'a (dyn Fn(String) + Send + Sync);

/// A host folder or file inside the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    pub host: PathBuf,
    pub inside: PathBuf,
    pub read_only: bool,
}

/// What a sandbox may use at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub resources: Resources,
    /// Processes and threads.
    pub pids: u32,
}

/// A sandbox to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxSpec {
    /// Unique, and safe as container, network and folder name: `LeaseToken::slug`.
    pub name: String,
    /// `buildyard.*` labels by which `list` finds it again; never empty.
    pub labels: BTreeMap<String, String>,
    /// As resolved by `prepare_image`.
    pub image: String,
    /// argv; the first is an absolute path as seen inside.
    pub command: Vec<String>,
    /// On top of the image's own.
    pub environment: BTreeMap<String, String>,
    pub mounts: Vec<Mount>,
    /// Folders in memory.
    pub tmpfs: Vec<PathBuf>,
    pub working_directory: PathBuf,
    pub limits: Limits,
    pub privileged: bool,
    /// Whose it is. Sandboxes of one tenant may follow one another in one network namespace; without a tenant, or
    /// privileged, a sandbox has one of its own.
    pub tenant: Option<String>,
}

/// How a sandbox's program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The exit code; 128 + n for signal n. Absent when nobody knows any more (the host executor after a restart).
    pub code: Option<i64>,
    /// Whether the kernel killed it for want of memory.
    pub out_of_memory: bool,
}

/// A sandbox that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: SandboxId,
    pub labels: BTreeMap<String, String>,
    pub running: bool,
}

/// Why an executor could not do it, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// Nobody answers, or not in time. The agent takes no work until `probe` succeeds.
    #[error("{0}")]
    Unreachable(String),
    /// The image does not exist, may not be pulled, or is for another platform: the build fails.
    #[error("{0}")]
    Image(String),
    /// The image's registry cannot be reached or is not well, and was asked several times: nothing of the build's.
    #[error("{0}")]
    Registry(String),
    /// The engine refuses this sandbox: the build fails.
    #[error("{0}")]
    Refused(String),
    /// There is no such sandbox (any more).
    #[error("sandbox {} does not exist", .0.0)]
    Gone(SandboxId),
    /// The engine failed.
    #[error("{0}")]
    Failed(String),
}

/// A place to run. Every call ends within its own deadline, also when the engine hangs. All calls may be repeated
/// and dropped half-way: a later `remove` clears whatever there is.
#[async_trait]
pub trait Executor: Send + Sync + std::fmt::Debug {
    /// Asks the engine what it is. Cheap; serves as health check.
    async fn probe(&self) -> Result<Capabilities, ExecutorError>;

    /// Makes sure that the image is there and gives the name to run it by: by digest, where it has one.
    async fn prepare_image(&self, image: &ImageRequest, progress: Progress<'_>) -> Result<String, ExecutorError>;

    /// Makes the sandbox, its network included, but starts nothing. Making the same one again before its start is no
    /// error. Needs the mounted folders to exist, but not what will be in them.
    async fn create(&self, spec: &SandboxSpec) -> Result<SandboxId, ExecutorError>;

    /// Starts its program. Starting what runs or ran is no error and starts nothing.
    async fn start(&self, id: &SandboxId) -> Result<(), ExecutorError>;

    /// Waits for the program's end; answers at once when it has ended. Works on sandboxes of an earlier agent process.
    /// `Refused` when it was never started.
    async fn wait(&self, id: &SandboxId) -> Result<Exit, ExecutorError>;

    /// Asks the program to end (SIGTERM) and kills everything in the sandbox after `grace`. Ended or gone is success.
    async fn stop(&self, id: &SandboxId, grace: Duration) -> Result<(), ExecutorError>;

    /// Kills and removes the sandbox with its network and anonymous volumes. Gone is success.
    async fn remove(&self, id: &SandboxId) -> Result<(), ExecutorError>;

    /// Every sandbox, running or not, that carries this label with this value.
    async fn list(&self, label: &str, value: &str) -> Result<Vec<Found>, ExecutorError>;
}
