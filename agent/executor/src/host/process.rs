//! Processes as /proc shows them, and one process's identity that outlives its number. Invariant: a signal goes to a
//! process only through a descriptor that was checked to be that very process.

use super::failed;
use crate::sandbox::ExecutorError;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Marks each process of a sandbox; children inherit it.
pub(super) const MARK: &str = "BUILDYARD_SANDBOX";
/// As much of a process's environment as is looked through for the mark.
const ENVIRONMENT_LIMIT: u64 = 1024 * 1024;

/// One process, and never another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) pid: u32,
    /// Clock ticks after boot.
    pub(super) started: u64,
    boot: String,
}

/// A line of the process table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    pub(super) started: u64,
    /// Ended, but not yet reaped by its parent.
    pub(super) ended: bool,
}

impl Identity {
    /// Of the process that has this number now.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let process = Process::read(pid)?;
        Some(Self { pid, started: process.started, boot: boot().ok()? })
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&self) -> bool {
        Process::read(self.pid).is_some_and(|process| !process.ended && self.is(&process))
    }

    fn is(&self, process: &Process) -> bool {
        process.pid == self.pid && process.started == self.started && boot().is_ok_and(|boot| boot == self.boot)
    }

    /// Whether another process has this one's number by now, and so maybe its session's.
    pub(super) fn was_replaced(&self) -> bool {
        boot().is_ok_and(|boot| boot != self.boot) || Process::read(self.pid).is_some_and(|process| !self.is(&process))
    }

    /// Asks it to end; whether there was anybody to ask.
    pub(super) fn terminate(&self) -> bool {
        self.open().is_some_and(|process| pidfd_send_signal(&process, Signal::TERM).is_ok())
    }

    /// Waits until it has ended, whoever its parent is.
    pub(super) async fn ended(&self) -> Result<(), ExecutorError> {
        match self.open() {
            Some(process) => readable(process).await,
            None => Ok(()),
        }
    }

    fn open(&self) -> Option<OwnedFd> {
        let descriptor = open(self.pid)?;
        Process::read(self.pid).is_some_and(|process| self.is(&process)).then_some(descriptor)
    }
}

impl Process {
    /// Reads `/proc/<pid>/stat`; absent when there is no such process.
    pub(super) fn read(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is a name in parentheses that may itself hold spaces and parentheses.
    fn parse(stat: &str) -> Option<Self> {
        let pid = stat.split(' ').next()?.parse().ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let id = |field: usize| u32::try_from(number(field)?).ok();
        Some(Self {
            pid,
            parent: id(4)?,
            group: id(5)?,
            session: id(6)?,
            started: number(22)?,
            ended: matches!(*fields.first()?, "Z" | "X"),
        })
    }

    /// Every process of the host.
    pub(super) fn all() -> Vec<Self> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter_map(Self::read).collect()
    }

    /// Whether its environment carries the mark of this sandbox.
    pub(super) fn is_marked(&self, sandbox: &str) -> bool {
        let mut environment = Vec::new();
        let read = fs::File::open(format!("/proc/{}/environ", self.pid))
            .and_then(|file| file.take(ENVIRONMENT_LIMIT).read_to_end(&mut environment));
        let mark = format!("{MARK}={sandbox}");
        read.is_ok() && environment.split(|&byte| byte == 0).any(|variable| variable == mark.as_bytes())
    }

    /// Kills it, and gives the descriptor to wait by. Absent when it is gone already.
    pub(super) fn kill(&self) -> Result<Option<OwnedFd>, ExecutorError> {
        let Some(descriptor) = open(self.pid) else { return Ok(None) };
        if Self::read(self.pid).is_none_or(|now| now.started != self.started) {
            return Ok(None);
        }
        match pidfd_send_signal(&descriptor, Signal::KILL) {
            Ok(()) => Ok(Some(descriptor)),
            Err(rustix::io::Errno::SRCH) => Ok(None),
            Err(error) => Err(ExecutorError::Failed(format!("killing process {}: {error}", self.pid))),
        }
    }
}

fn open(pid: u32) -> Option<OwnedFd> {
    pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok()
}

/// Of a process of ours that cannot be mistaken, as it is not yet reaped.
pub(super) fn open_child(pid: u32) -> Result<OwnedFd, ExecutorError> {
    open(pid)
        .ok_or_else(|| ExecutorError::Failed(format!("process {pid} cannot be watched: this needs Linux 5.3 or newer")))
}

/// A process's descriptor becomes readable when it ends.
#[expect(deprecated, reason = "its successor is unsafe; an `OwnedFd` keeps its descriptor, which is all that it asks")]
pub(super) async fn readable(process: OwnedFd) -> Result<(), ExecutorError> {
    let ended = async { AsyncFd::with_interest(process, Interest::READABLE)?.readable().await.map(|_| ()) };
    ended.await.map_err(|error: std::io::Error| ExecutorError::Failed(format!("watching a process: {error}")))
}

/// Names one boot of the host: process numbers and start times begin anew with each.
fn boot() -> Result<String, ExecutorError> {
    text("/proc/sys/kernel/random/boot_id")
}

/// The kernel's release.
pub(super) fn kernel() -> Result<String, ExecutorError> {
    text("/proc/sys/kernel/osrelease")
}

/// The host's memory.
pub(super) fn memory_mib() -> Result<u64, ExecutorError> {
    let table = text("/proc/meminfo")?;
    let line = table.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes
        .map(|kibibytes| kibibytes / 1024)
        .ok_or_else(|| ExecutorError::Failed("/proc/meminfo has no MemTotal".to_owned()))
}

fn text(path: &str) -> Result<String, ExecutorError> {
    let text = fs::read_to_string(path).map_err(|error| failed("reading", Path::new(path), &error))?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_cannot_forge_its_line() {
        let line = "42 (a) Z 1 1 1 (b) R 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 777 1 2";
        let process = Process::parse(line).unwrap();
        assert_eq!((process.pid, process.parent, process.group, process.session), (42, 7, 8, 9));
        assert_eq!((process.started, process.ended), (777, false));
    }

    #[test]
    fn a_number_used_again_is_not_the_same_process() {
        let own = Identity::of(std::process::id()).unwrap();
        assert!(own.is_alive() && !own.was_replaced());
        let earlier = Identity { started: own.started - 1, ..own };
        assert!(!earlier.is_alive() && earlier.was_replaced() && !earlier.terminate());
    }
}
