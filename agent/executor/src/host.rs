//! Sandboxes as bare processes of this host, for trusted builds and hosts without containers: a folder, a clean
//! environment and a session of their own, and no isolation at all. Owns the order of things; files are `record`'s,
//! starting is `launch`'s, finding and killing processes is `process`'s and `sweep`'s.
//!
//! A sandbox outlives the agent: its program has its own session, no pipe to us, and is named by pid, start time and boot,
//! which no other process ever shares. Only the process that started it can learn its exit code.

mod launch;
mod process;
mod record;
mod sweep;
#[cfg(test)]
mod tests;

use self::launch::Launcher;
use self::process::Identity;
use self::record::Folder;
use crate::name;
use crate::sandbox::{
    Capabilities, Executor, ExecutorError, Exit, Found, ImageRequest, Progress, SandboxId, SandboxSpec,
};
use async_trait::async_trait;
use buildyard_model::{Architecture, Resources};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

/// Where the host executor keeps what it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostOptions {
    /// One folder per sandbox; private to the agent's user.
    pub base: PathBuf,
}

/// The programs that this process started, and how they ended.
type Children = Arc<Mutex<HashMap<SandboxId, watch::Receiver<Option<Exit>>>>>;

/// Runs programs on the host itself.
#[derive(Debug)]
pub struct Host {
    base: PathBuf,
    launcher: Launcher,
    /// Held while a program is being started, so that nobody sees one half started.
    children: Children,
}

impl Host {
    /// Opens or makes the base folder. Sandboxes of an earlier agent in it are found again.
    ///
    /// # Errors
    /// `Failed` when the folder cannot be made.
    pub fn open(options: HostOptions) -> Result<Self, ExecutorError> {
        record::make_private(&options.base)?;
        Folder::clear_removed(&options.base)?;
        Ok(Self { base: options.base, launcher: Launcher::find(), children: Children::default() })
    }

    fn folder(&self, id: &SandboxId) -> Result<Folder, ExecutorError> {
        name::check_id(id)?;
        Folder::open(&self.base, id)
    }

    /// Starts what `create` left to start; somebody else may have claimed it.
    async fn launch(&self, folder: &Folder, id: &SandboxId) -> Result<(), ExecutorError> {
        let mut children = self.children.lock().await;
        let Some(order) = folder.claim()? else { return Ok(()) };
        let child = match self.launcher.launch(&order, id, &folder.home()) {
            Ok(child) => child,
            Err(error) => {
                folder.unclaim(&order)?;
                return Err(error);
            }
        };
        let identity = Identity::of(child.id());
        if let Some(identity) = &identity {
            folder.keep_process(identity)?;
        }
        folder.forget_order();
        let (ended, end) = watch::channel(None);
        children.insert(id.clone(), end);
        tokio::spawn(reap(child, identity, folder.clone(), ended));
        Ok(())
    }

    /// Waits for a program that an earlier agent started; there is nobody left who could tell its exit code.
    async fn wait_for_foreign(&self, folder: &Folder, id: &SandboxId) -> Result<Exit, ExecutorError> {
        let identity = folder.process()?;
        match &identity {
            Some(identity) => identity.ended().await?,
            // The agent died between starting it and writing down whom.
            None => sweep::all_ended(id).await?,
        }
        sweep::kill_all(id, identity.as_ref(), &[]).await?;
        Ok(folder.exit()?.map_or(Exit { code: None, out_of_memory: false }, |record| record.exit()))
    }
}

/// Sees a program of ours to its end: a container's other processes die with its init, so here they are killed.
async fn reap(mut child: Child, identity: Option<Identity>, folder: Folder, ended: watch::Sender<Option<Exit>>) {
    let exit = match launch::wait(&mut child).await {
        Ok(exit) => exit,
        Err(error) => {
            tracing::warn!(pid = child.id(), %error, "the end of a sandbox's program could not be learnt");
            Exit { code: None, out_of_memory: false }
        }
    };
    folder.keep_exit(&exit, false);
    match sweep::kill_all(folder.id(), identity.as_ref(), &[]).await {
        Ok(()) => folder.keep_exit(&exit, true),
        Err(error) => tracing::warn!(sandbox = folder.id().0, %error, "processes of an ended sandbox live on"),
    }
    let _ = ended.send(Some(exit));
}

#[async_trait]
impl Executor for Host {
    async fn probe(&self) -> Result<Capabilities, ExecutorError> {
        let vcpu = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Capabilities {
            name: "host",
            version: format!("linux {}", process::kernel()?),
            architecture: Architecture::native(),
            resources: Resources { vcpu: u32::try_from(vcpu).unwrap_or(u32::MAX), memory_mib: process::memory_mib()? },
            isolates: false,
            blocks_metadata: false,
        })
    }

    async fn prepare_image(&self, image: &ImageRequest, progress: Progress<'_>) -> Result<String, ExecutorError> {
        let reference = &image.reference;
        progress(format!("Image {reference} is not used: this build runs on the host itself, isolated from nothing"));
        Ok(reference.clone())
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<SandboxId, ExecutorError> {
        name::check(spec)?;
        Folder::make(&self.base, spec)
    }

    async fn start(&self, id: &SandboxId) -> Result<(), ExecutorError> {
        let folder = self.folder(id)?;
        self.launch(&folder, id).await
    }

    async fn wait(&self, id: &SandboxId) -> Result<Exit, ExecutorError> {
        let folder = self.folder(id)?;
        let ours = self.children.lock().await.get(id).cloned();
        if let Some(mut end) = ours {
            let exit = end.wait_for(Option::is_some).await.ok().and_then(|exit| exit.clone());
            return exit.ok_or_else(|| ExecutorError::Failed(format!("nobody watches sandbox {} any more", id.0)));
        }
        if let Some(record) = folder.exit()?.filter(|record| record.swept) {
            return Ok(record.exit());
        }
        if !folder.was_started() {
            return Err(ExecutorError::Refused(format!("sandbox {} was never started", id.0)));
        }
        self.wait_for_foreign(&folder, id).await
    }

    async fn stop(&self, id: &SandboxId, grace: Duration) -> Result<(), ExecutorError> {
        let folder = match self.folder(id) {
            Ok(folder) if folder.was_started() => folder,
            Ok(_) | Err(ExecutorError::Gone(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let leader = trusted(&folder)?;
        // Who the leader's children are cannot be told any more once it has ended.
        let known = sweep::find(id, leader.as_ref(), &[]).await?;
        if let Some(leader) = &leader
            && leader.terminate()
        {
            // When the grace is over, the sweep has the last word.
            let _ = timeout(grace, leader.ended()).await;
        }
        sweep::kill_all(id, leader.as_ref(), &known).await
    }

    async fn remove(&self, id: &SandboxId) -> Result<(), ExecutorError> {
        let folder = match self.folder(id) {
            Ok(folder) => folder,
            Err(ExecutorError::Gone(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        // Nobody can start it from here on.
        let mut children = self.children.lock().await;
        folder.forget_order();
        children.remove(id);
        drop(children);
        sweep::kill_all(id, trusted(&folder)?.as_ref(), &[]).await?;
        folder.remove().await
    }

    async fn list(&self, label: &str, value: &str) -> Result<Vec<Found>, ExecutorError> {
        let mut found = Vec::new();
        for folder in Folder::all(&self.base)? {
            let labels = folder.labels()?;
            if labels.get(label).is_some_and(|is| is == value) {
                found.push(Found { running: is_running(&folder)?, id: folder.id().clone(), labels });
            }
        }
        Ok(found)
    }
}

/// The sandbox's program, while its session's number is its own: once all were killed, it may be somebody else's.
fn trusted(folder: &Folder) -> Result<Option<Identity>, ExecutorError> {
    let swept = folder.exit()?.is_some_and(|record| record.swept);
    if swept { Ok(None) } else { folder.process() }
}

fn is_running(folder: &Folder) -> Result<bool, ExecutorError> {
    if !folder.was_started() || folder.exit()?.is_some() {
        return Ok(false);
    }
    match folder.process()? {
        Some(identity) => Ok(identity.is_alive()),
        None => Ok(!sweep::members(folder.id(), None, &[]).is_empty()),
    }
}

/// A failure of a file of ours.
fn failed(doing: &str, path: &Path, error: &std::io::Error) -> ExecutorError {
    ExecutorError::Failed(format!("{doing} {}: {error}", path.display()))
}
