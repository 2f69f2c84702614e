//! One process, and never another that has its number later. Invariant: a signal goes to a process only while it was
//! checked to be that very one.

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Read;

/// As much of a process's environment as is looked through.
const ENVIRONMENT_LIMIT: u64 = 1 << 20;

/// Which process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) pid: u32,
    /// Clock ticks after boot.
    started: u64,
    /// Numbers and ticks begin anew with each boot.
    boot: String,
}

impl Identity {
    /// Of the process that has this number now; none when there is none, or when it has ended.
    pub(super) fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, started: started(pid)?, boot: boot()? })
    }

    /// The process that carries this in its environment, the oldest if several do: children inherit it.
    pub(super) fn with_variable(name: &str, value: &str) -> Option<Self> {
        let wanted = format!("{name}={value}");
        let pids = fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let carriers = pids.filter(|pid| carries(*pid, wanted.as_bytes())).filter_map(Self::of);
        carriers.min_by_key(|process| process.started)
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now == *self)
    }

    /// Asks it to end.
    pub(super) fn terminate(&self) {
        let Some(pid) = self.number() else { return };
        // The descriptor is of one process; the look afterwards says of which.
        let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if self.is_alive() {
            let _ = pidfd_send_signal(descriptor, Signal::TERM);
        }
    }

    /// Kills it and all of its group.
    pub(super) fn kill_group(&self) {
        if let Some(pid) = self.number().filter(|_| self.is_alive()) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    fn number(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.pid).ok()?)
    }
}

/// When it started; none for one that has ended and waits to be reaped.
fn started(pid: u32) -> Option<u64> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the fields after it are counted from the third.
    let fields: Vec<&str> = line.rsplit_once(") ")?.1.split(' ').collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(22 - 3)?.parse().ok()
}

fn carries(pid: u32, variable: &[u8]) -> bool {
    let mut environment = Vec::new();
    let read = fs::File::open(format!("/proc/{pid}/environ"))
        .and_then(|file| file.take(ENVIRONMENT_LIMIT).read_to_end(&mut environment));
    read.is_ok() && environment.split(|byte| *byte == 0).any(|found| found == variable)
}

fn boot() -> Option<String> {
    Some(fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_used_again_is_another_process() {
        let own = Identity::of(std::process::id()).unwrap();
        assert!(own.is_alive());
        assert!(!Identity { started: own.started - 1, ..own.clone() }.is_alive());
        assert!(!Identity { boot: "another".to_owned(), ..own }.is_alive());
    }
}
