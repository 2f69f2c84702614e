//! Whether builds can run here now: the executor answers, and the disk has room. Looked at from time to time; the
//! reason goes with the heartbeat, and offers are declined for it.

use crate::config::ByteSize;
use buildyard_executor::Executor;
use nix::sys::statvfs::statvfs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// A build makes folders and small files; with fewer file names left the next write fails.
const NAMES_FLOOR: u64 = 10_000;

/// Looks after the agent's health while the value lives.
#[derive(Debug)]
pub(crate) struct Health {
    state: watch::Receiver<Option<String>>,
    task: JoinHandle<()>,
}

impl Health {
    pub(crate) fn watch(executor: Arc<dyn Executor>, data_dir: PathBuf, floor: ByteSize) -> Self {
        let (tell, state) = watch::channel(room(&data_dir, floor));
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let engine = executor.probe().await.err().map(|error| error.to_string());
                let problem = engine.or_else(|| room(&data_dir, floor));
                tell.send_if_modified(|state| {
                    let changed = *state != problem;
                    *state = problem;
                    changed
                });
            }
        });
        Self { state, task }
    }

    /// What is wrong at the moment.
    pub(crate) fn problem(&self) -> Option<String> {
        self.state.borrow().clone()
    }

    /// Waits for a change.
    pub(crate) async fn changed(&mut self) -> Option<String> {
        if self.state.changed().await.is_err() {
            return std::future::pending().await;
        }
        self.state.borrow_and_update().clone()
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the disk lacks.
fn room(data_dir: &Path, floor: ByteSize) -> Option<String> {
    let place = data_dir.display();
    let disk = match statvfs(data_dir) {
        Ok(disk) => disk,
        Err(error) => return Some(format!("the disk of {place} cannot be asked for its room: {error}")),
    };
    lacking(
        disk.blocks_available().saturating_mul(disk.fragment_size()),
        (disk.files() != 0).then(|| disk.files_available()),
        floor,
    )
    .map(|problem| format!("the disk of {place} has {problem}"))
}

fn lacking(free_bytes: u64, free_names: Option<u64>, floor: ByteSize) -> Option<String> {
    if free_bytes < floor.as_bytes() {
        return Some(format!("{} MiB free, less than disk_floor = \"{floor}\"", free_bytes >> 20));
    }
    free_names.filter(|names| *names < NAMES_FLOOR).map(|names| format!("room for only {names} more files"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_with_its_floor() {
        let floor = ByteSize::gib(2);
        assert_eq!(lacking(5 << 30, Some(1_000_000), floor), None);
        assert_eq!(lacking(5 << 30, None, floor), None);
        assert_eq!(lacking(100 << 20, None, floor).unwrap(), "100 MiB free, less than disk_floor = \"2GiB\"");
        assert_eq!(lacking(5 << 30, Some(7), floor).unwrap(), "room for only 7 more files");
    }
}
