//! An agent's configuration for a test.

use std::path::{Path, PathBuf};

/// Where its builds run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutorKind {
    Docker,
    Host,
}

/// What a test wants of its agent.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    pub name: String,
    pub executor: ExecutorKind,
    pub slots: u32,
    /// TOML's `disk_floor`.
    pub disk_floor: &'static str,
    /// MiB for builds of a disk of its own for its data directory.
    pub disk_mib: Option<u64>,
    /// Most containers that wait for builds. None by default: tests count what is left.
    pub warm: u32,
    /// Further TOML at the top level.
    pub more: String,
}

impl AgentOptions {
    pub fn new(executor: ExecutorKind) -> Self {
        // Names are unique per test process: containers are swept by the agent's name.
        let name = format!("test-{}", std::process::id());
        Self { name, executor, slots: 2, disk_floor: "64MiB", disk_mib: None, warm: warm(), more: String::new() }
    }

    pub fn slots(mut self, slots: u32) -> Self {
        self.slots = slots;
        self
    }

    /// With a disk of its own, and taking builds while so much of it is free.
    pub fn disk(mut self, mib: u64, floor: &'static str) -> Self {
        (self.disk_mib, self.disk_floor) = (Some(mib), floor);
        self
    }

    /// Keeps so many containers waiting.
    pub fn warm(mut self, limit: u32) -> Self {
        self.warm = limit;
        self
    }

    pub fn more(mut self, more: &str) -> Self {
        self.more.push_str(more);
        self.more.push('\n');
        self
    }

    /// The data directory.
    pub(crate) fn data(&self, directory: &Path) -> PathBuf {
        directory.join(&self.name)
    }

    pub(crate) fn write(&self, directory: &Path, grpc: u16) -> PathBuf {
        let path = directory.join(format!("{}.toml", self.name));
        let kind = match self.executor {
            ExecutorKind::Docker => "docker",
            ExecutorKind::Host => "host",
        };
        let (name, slots, floor, warm, more) = (&self.name, self.slots, self.disk_floor, self.warm, &self.more);
        let data = self.data(directory);
        let text = format!(
            "name = {name:?}\ndata_dir = {data:?}\nslots = {slots}\ndisk_floor = {floor:?}\nallow_local_sources = [{directory:?}]\n{more}\n\
             [coordinator]\nendpoint = \"http://127.0.0.1:{grpc}\"\n[executor]\nkind = \"{kind}\"\n[warm]\nlimit = {warm}\n"
        );
        std::fs::write(&path, text).expect("the configuration is written");
        path
    }
}

/// What `BUILDYARD_TEST_WARM` says: how the tests are run with warm containers.
fn warm() -> u32 {
    std::env::var("BUILDYARD_TEST_WARM").ok().and_then(|limit| limit.parse().ok()).unwrap_or(0)
}
