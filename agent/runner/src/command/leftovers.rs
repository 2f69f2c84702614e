//! Processes that a build left in the background, on the host: where no container goes away with them.

use super::signals::Signals;
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// How long killed processes may take to vanish; a process in the kernel's hands can take for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// Kills every descendant of this process, round by round: orphans become our children, since we are a subreaper. As
/// a container's init there is no need: they end with us.
pub(super) fn kill(signals: &Signals) {
    if nix::unistd::getpid().as_raw() == 1 {
        return;
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let children = children();
        if children.is_empty() || Instant::now() >= deadline {
            return;
        }
        for child in &children {
            let _ = signal::kill(*child, Signal::SIGKILL);
        }
        collect(signals, deadline);
    }
}

/// Waits for the killed ones.
fn collect(signals: &Signals, deadline: Instant) {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) if Instant::now() >= deadline => return,
            Ok(WaitStatus::StillAlive) => signals.wait(deadline.saturating_duration_since(Instant::now())),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// Our direct children, from /proc: by each process's parent, which works on every kernel.
fn children() -> Vec<Pid> {
    let own = nix::unistd::getpid();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.map(Pid::from_raw).filter(|pid| parent(*pid) == Some(own)).collect()
}

fn parent(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything, brackets included.
    let behind = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = String::from_utf8_lossy(&stat[behind + 1..]).into_owned();
    fields.split_ascii_whitespace().nth(1)?.parse().ok().map(Pid::from_raw)
}
