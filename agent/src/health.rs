//! Whether builds can run here now: the executor answers, and the disk has room. Looked at from time to time; the
//! reason goes with the heartbeat, and offers are declined for it.

use crate::config::ByteSize;
use crate::gc::Collector;
use buildyard_executor::Executor;
use nix::sys::statvfs::statvfs;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// What making room may take before the agent's health is told.
const COLLECT_WITHIN: Duration = Duration::from_secs(20);
/// A build makes folders and small files; with fewer file names left the next write fails.
const NAMES_FLOOR: u64 = 10_000;
/// With less than this free a disk is full, whatever the config says: no build can even be taken up.
const FULL: u64 = 1 << 20;

/// Looks after the agent's health while the value lives.
#[derive(Debug)]
pub(crate) struct Health {
    state: watch::Receiver<Option<String>>,
    hurry: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Health {
    /// Below the floor the collector makes room first: only what it cannot mend makes the agent unhealthy.
    pub(crate) fn watch(
        executor: Arc<dyn Executor>,
        data_dir: PathBuf,
        floor: ByteSize,
        collector: Arc<Collector>,
    ) -> Self {
        let (tell, state) = watch::channel(room(&data_dir, floor));
        let hurry = Arc::new(Notify::new());
        let hurried = hurry.clone();
        let task = tokio::spawn(async move {
            loop {
                let _ = tokio::time::timeout(LOOK_EVERY, hurried.notified()).await;
                let engine = executor.probe().await.err().map(|error| error.to_string());
                if room(&data_dir, floor).is_some() {
                    let _ = tokio::time::timeout(COLLECT_WITHIN, collector.collect()).await;
                }
                let problem = engine.or_else(|| room(&data_dir, floor));
                tell.send_if_modified(|state| {
                    let changed = *state != problem;
                    *state = problem;
                    changed
                });
            }
        });
        Self { state, hurry, task }
    }

    /// Looks now: something went wrong that a look may explain.
    pub(crate) fn look(&self) {
        self.hurry.notify_one();
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

/// What the disk that holds `place` has left.
pub(crate) fn free_bytes(place: &Path) -> Option<u64> {
    let disk = statvfs(place).ok()?;
    Some(disk.blocks_available().saturating_mul(disk.fragment_size()))
}

/// Says so when the disk that holds `place` is full.
pub(crate) fn full(place: &Path) -> Option<String> {
    let disk = statvfs(place).ok()?;
    let free_bytes = disk.blocks_available().saturating_mul(disk.fragment_size());
    let no_names = disk.files() != 0 && disk.files_available() == 0;
    (free_bytes < FULL || no_names).then(|| is_full(place))
}

/// The same where an error says it, for the cause may be gone by now.
pub(crate) fn full_by(error: &(dyn Error + 'static), place: &Path) -> Option<String> {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    let says_so = |cause: &(dyn Error + 'static)| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    };
    causes.any(says_so).then(|| is_full(place))
}

fn is_full(place: &Path) -> String {
    format!("the disk of {} is full: make room on this agent's host", place.display())
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
    if free_bytes < FULL {
        return Some("no room left".to_owned());
    }
    if free_bytes < floor.as_bytes() {
        return Some(format!("{} MiB free, less than disk_floor = \"{floor}\"", free_bytes >> 20));
    }
    free_names.filter(|names| *names < NAMES_FLOOR).map(|names| format!("room for only {names} more files"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_full_disk_is_known_by_its_cause() {
        let error = |kind| tree_error(io::Error::from(kind));
        let said = full_by(&error(ErrorKind::StorageFull), Path::new("/data")).unwrap();
        assert!(said.starts_with("the disk of /data is full"), "{said}");
        assert_eq!(full_by(&error(ErrorKind::NotFound), Path::new("/data")), None);
    }

    fn tree_error(source: io::Error) -> buildyard_source::Error {
        buildyard_source::Error::File { path: "/data/x".into(), source }
    }

    #[test]
    fn a_full_disk_is_named_with_its_floor() {
        let floor = ByteSize::gib(2);
        assert_eq!(lacking(5 << 30, Some(1_000_000), floor), None);
        assert_eq!(lacking(5 << 30, None, floor), None);
        assert_eq!(lacking(100 << 20, None, floor).unwrap(), "100 MiB free, less than disk_floor = \"2GiB\"");
        assert_eq!(lacking(5, None, ByteSize::bytes(0)).unwrap(), "no room left");
        assert_eq!(lacking(5 << 30, Some(7), floor).unwrap(), "room for only 7 more files");
    }
}
