//! Signals as something to poll, and signals sent.
//!
//! They are caught, not blocked: a mask would be inherited by every command, while handlers are gone with its `exec`.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Signals to this process.
#[derive(Debug)]
pub(super) struct Signals {
    /// A byte for each request to stop.
    stop: UnixStream,
    /// A byte for each child that ended.
    child: UnixStream,
}

impl Signals {
    /// Catches SIGTERM, SIGINT, SIGHUP and SIGCHLD from now on.
    pub(super) fn catch() -> io::Result<Self> {
        // Whoever started us may have left some blocked.
        SigSet::empty().thread_set_mask()?;
        Ok(Self { stop: caught(&[SIGTERM, SIGINT, SIGHUP])?, child: caught(&[SIGCHLD])? })
    }

    /// What becomes readable when one of them comes.
    pub(super) fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.stop.as_fd(), self.child.as_fd()]
    }

    /// Takes all that came; whether one of them asked to stop.
    pub(super) fn take(&self) -> bool {
        let mut bytes = [0; 64];
        while matches!((&self.child).read(&mut bytes), Ok(count) if count == bytes.len()) {}
        matches!((&self.stop).read(&mut bytes), Ok(count) if count > 0)
    }

    /// Sleeps until a signal comes or `other` is readable; whether a signal asked to stop.
    pub(super) fn wait_beside(&self, other: BorrowedFd<'_>, at_most: Duration) -> bool {
        let timeout = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        let [stop, child] = self.descriptors();
        let _ = poll(&mut [stop, child, other].map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)), timeout);
        self.take()
    }

    /// Sleeps until a signal comes, and takes it.
    pub(super) fn wait(&self, at_most: Duration) {
        let timeout = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        let _ = poll(&mut self.descriptors().map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)), timeout);
        self.take();
    }
}

fn caught(signals: &[i32]) -> io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    for signal in signals {
        pipe::register(*signal, writer.try_clone()?)?;
    }
    Ok(reader)
}

/// Signals a command's process group; as a container's init, everything else in the container, too. Who is gone
/// already needs no signal.
pub(super) fn send(group: Pid, signal: Signal) {
    let _ = killpg(group, signal);
    if nix::unistd::getpid().as_raw() == 1 {
        let _ = kill(Pid::from_raw(-1), signal);
    }
}
