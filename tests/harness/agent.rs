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
    /// Further TOML at the top level.
    pub more: String,
}

impl AgentOptions {
    pub fn new(executor: ExecutorKind) -> Self {
        // Names are unique per test process: containers are swept by the agent's name.
        let name = format!("test-{}", std::process::id());
        Self { name, executor, slots: 2, more: String::new() }
    }

    pub fn slots(mut self, slots: u32) -> Self {
        self.slots = slots;
        self
    }

    pub fn more(mut self, more: &str) -> Self {
        self.more.push_str(more);
        self.more.push('\n');
        self
    }

    pub(crate) fn write(&self, directory: &Path, grpc: u16) -> PathBuf {
        let path = directory.join(format!("{}.toml", self.name));
        let kind = match self.executor {
            ExecutorKind::Docker => "docker",
            ExecutorKind::Host => "host",
        };
        let (name, slots, more) = (&self.name, self.slots, &self.more);
        let data = directory.join(name);
        let text = format!(
            "name = {name:?}\ndata_dir = {data:?}\nslots = {slots}\ndisk_floor = \"64MiB\"\nallow_local_sources = [{directory:?}]\n{more}\n\
             [coordinator]\nendpoint = \"http://127.0.0.1:{grpc}\"\n[executor]\nkind = \"{kind}\"\n"
        );
        std::fs::write(&path, text).expect("the configuration is written");
        path
    }
}
