//! Sandboxes as containers of Docker or Podman. Owns the connection and what it says about itself; each kind of call is a
//! file beside. Invariant: everything the engine keeps for us carries the sandbox's labels and its whole name, so that a
//! later agent finds and removes it.

mod address;
mod container;
mod create;
mod failure;
mod holder;
mod image;
mod link;
mod list;
mod metadata;
mod mounts;
mod network;
mod progress;
mod pull;
mod quirks;
mod reference;
mod remove;
mod run;
mod spares;
mod state;
mod stock;
#[cfg(test)]
mod tests;
mod turns;

pub use self::holder::Holder;
pub use self::link::Deadlines;
pub use self::spares::SpareNetworks;

use self::link::Link;
use self::metadata::Firewall;
use self::spares::Spares;
use self::turns::Turns;
use crate::name::check_id;
use crate::sandbox::{
    Capabilities, Executor, ExecutorError, Exit, Found, ImageRequest, Progress, SandboxId, SandboxSpec,
};
use async_trait::async_trait;
use bollard::models::SystemInfo;
use buildyard_model::{Architecture, Resources};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How to reach an engine and what to ask of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineOptions {
    /// `unix:///path/to.sock`, a path, or `tcp://host:port`. Absent: `DOCKER_HOST`, else `CONTAINER_HOST`, else the usual
    /// sockets of Docker and Podman, rootless ones included.
    pub address: Option<String>,
    pub deadlines: Deadlines,
    /// Takes `sudo` and other setuid programs away from builds. Off, as CodeBuild's builds may use them.
    pub no_new_privileges: bool,
    /// Keeps cloud metadata addresses out of reach where the host's firewall can.
    pub block_metadata: bool,
    /// Keeps networks for the next sandboxes, which saves near half of a short one's time. Absent: none are kept.
    pub spare_networks: Option<SpareNetworks>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            address: None,
            deadlines: Deadlines::default(),
            no_new_privileges: false,
            block_metadata: true,
            spare_networks: None,
        }
    }
}

/// A container engine.
#[derive(Debug)]
pub struct Engine {
    link: Link,
    options: EngineOptions,
    firewall: Firewall,
    spares: Spares,
    starts: Turns,
    /// Where the engine keeps volumes and the like.
    root: Option<PathBuf>,
    /// As last probed.
    capabilities: Mutex<Capabilities>,
}

impl Engine {
    /// Connects to the engine that `options` names, or to the first that answers.
    ///
    /// # Errors
    /// `Unreachable`, with what was tried and what to do.
    pub async fn connect(options: EngineOptions) -> Result<Self, ExecutorError> {
        let link = Link::find(options.address.as_deref(), &options.deadlines).await?;
        // Rules on this host's firewall are of use for an engine on this host only.
        let here = link.address.socket().is_some() && link.quirks.bridge_name_option.is_some();
        let firewall = Firewall::new(here && options.block_metadata);
        let capabilities = Mutex::new(capabilities(&link, &firewall).await?);
        let info = link.query("asking the engine where it keeps things", link.docker.info()).await?;
        let root = info.docker_root_dir.filter(|root| !root.is_empty()).map(PathBuf::from);
        let spares = Spares::new(options.spare_networks.clone(), &link, root.clone());
        spares.clear(&link).await?;
        tracing::info!(engine = %link, "connected to the container engine");
        Ok(Self { link, options, firewall, spares, starts: Turns::default(), root, capabilities })
    }

    /// What all sandboxes can share, as last probed.
    fn resources(&self) -> Resources {
        self.capabilities.lock().unwrap_or_else(PoisonError::into_inner).resources
    }

    fn host_architecture(&self) -> Architecture {
        self.capabilities.lock().unwrap_or_else(PoisonError::into_inner).architecture
    }
}

#[async_trait]
impl Executor for Engine {
    async fn probe(&self) -> Result<Capabilities, ExecutorError> {
        let found = capabilities(&self.link, &self.firewall).await?;
        self.capabilities.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&found);
        Ok(found)
    }

    async fn prepare_image(&self, image: &ImageRequest, progress: Progress<'_>) -> Result<String, ExecutorError> {
        image::prepare(&self.link, self.host_architecture(), image, progress).await
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<SandboxId, ExecutorError> {
        Box::pin(create::create(self, spec)).await
    }

    async fn start(&self, id: &SandboxId) -> Result<(), ExecutorError> {
        check_id(id)?;
        let _turn = self.starts.take(id).await;
        run::start(&self.link, id).await
    }

    async fn wait(&self, id: &SandboxId) -> Result<Exit, ExecutorError> {
        check_id(id)?;
        run::wait(&self.link, id).await
    }

    async fn stop(&self, id: &SandboxId, grace: Duration) -> Result<(), ExecutorError> {
        match check_id(id) {
            Ok(()) => run::stop(&self.link, id, grace).await,
            Err(_) => Ok(()),
        }
    }

    async fn remove(&self, id: &SandboxId) -> Result<(), ExecutorError> {
        match check_id(id) {
            Ok(()) => remove::remove(self, id).await,
            Err(_) => Ok(()),
        }
    }

    async fn list(&self, label: &str, value: &str) -> Result<Vec<Found>, ExecutorError> {
        list::list(&self.link, label, value).await
    }
}

async fn capabilities(link: &Link, firewall: &Firewall) -> Result<Capabilities, ExecutorError> {
    let (info, blocks_metadata) =
        tokio::join!(link.query("asking the engine what it is", link.docker.info()), firewall.ensure());
    let info = info?;
    let (version, resources) = (info.server_version.clone().unwrap_or_default(), resources(&info));
    let named = info.architecture.unwrap_or_default();
    let Some(architecture) = architecture(&named) else {
        return Err(ExecutorError::Refused(format!("{link} runs on {named}; builds need x86_64 or aarch64")));
    };
    Ok(Capabilities { name: link.quirks.name, version, architecture, resources, isolates: true, blocks_metadata })
}

fn resources(info: &SystemInfo) -> Resources {
    let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
    Resources {
        vcpu: u32::try_from(number(info.ncpu)).unwrap_or(u32::MAX),
        memory_mib: number(info.mem_total) / (1024 * 1024),
    }
}

/// Both the kernel's and the registries' names.
fn architecture(name: &str) -> Option<Architecture> {
    match name {
        "x86_64" | "amd64" => Some(Architecture::X86_64),
        "aarch64" | "arm64" => Some(Architecture::Aarch64),
        _ => None,
    }
}

/// As registries name it.
fn platform(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "amd64",
        Architecture::Aarch64 => "arm64",
    }
}
