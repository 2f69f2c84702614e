//! Starts a command's process and stays with it until it is over: output, signals, zombies.
//!
//! One thread and one poll loop, so that a journal record follows its bytes at once and nothing is ever polled in
//! vain. Owns every process below the runner. Invariants: a command's end never waits for a background process that
//! keeps its output open; such output still reaches the log while the build goes on; when the runner is told to stop,
//! no process of the build outlives it.

mod leftovers;
mod output;
mod signals;

use crate::environment::Variables;
use crate::failure::Failure;
use crate::log::Log;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use output::{Output, Pumped};
use signals::Signals;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a command's end waits for output that a process in the background may still hold back, as in
/// `exec > >(tee log)`.
const DRAIN: Duration = Duration::from_millis(250);
/// What a command may take to end after SIGTERM; the agent kills everything 10 s after its own.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// A process to be started.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    /// The first is a path.
    pub(crate) argv: Vec<OsString>,
    /// The whole environment.
    pub(crate) variables: Variables,
    /// An existing directory.
    pub(crate) directory: PathBuf,
    /// Passed on under its own number.
    pub(crate) inherited: Option<&'a OwnedFd>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum End {
    /// With this status; 128 + n for signal n.
    Exited(i32),
    NotStarted(io::Error),
}

/// Watches over all processes of the build.
#[derive(Debug)]
pub(crate) struct Supervisor {
    signals: Signals,
    /// Of the running command, and of earlier ones whose background processes keep theirs open.
    outputs: Vec<Output>,
    /// Scratch for reading.
    buffer: Vec<u8>,
    /// Set by the first signal to stop.
    stop: Option<Stop>,
    next_output: u64,
}

#[derive(Debug)]
struct Stop {
    kill_at: Instant,
    killed: bool,
}

/// The running command.
#[derive(Debug)]
struct Running {
    pid: Pid,
    /// Readable when the process has ended; absent on old kernels, where SIGCHLD alone must do.
    ended: Option<OwnedFd>,
    output: u64,
    status: Option<i32>,
    drain: Option<Drain>,
}

#[derive(Debug)]
struct Drain {
    until: Instant,
    /// `Output::taken` that the command's own last byte is sure to be within.
    owed: u64,
}

impl Supervisor {
    /// Takes over signals and children of this process. To be called once.
    pub(crate) fn new() -> Result<Self, Failure> {
        let signals = Signals::catch().map_err(|error| Failure::Internal(format!("cannot catch signals: {error}")))?;
        if nix::unistd::getpid().as_raw() != 1 {
            // Best effort: without it, orphans go to the host's init instead of to us.
            let _ = nix::sys::prctl::set_child_subreaper(true);
        }
        Ok(Self { signals, outputs: Vec::new(), buffer: vec![0; output::CHUNK], stop: None, next_output: 0 })
    }

    /// Runs a command to its end.
    pub(crate) fn run(&mut self, launch: &Launch<'_>, log: &mut Log) -> Result<End, Failure> {
        self.check(log)?;
        let mut running = match self.start(launch, log) {
            Ok(running) => running,
            Err(error) => return Ok(End::NotStarted(error)),
        };
        let watched = self.watch(&mut running, log);
        if watched.is_err() {
            signals::send(running.pid, Signal::SIGKILL);
        }
        watched.map(End::Exited)
    }

    /// Sleeps until `descriptor` is readable or a signal comes, and `at_most` so long; fails when the runner was stopped.
    pub(crate) fn rest(&self, descriptor: BorrowedFd<'_>, at_most: Duration) -> Result<(), Failure> {
        if self.signals.wait_beside(descriptor, at_most) { Err(Failure::Stopped) } else { Ok(()) }
    }

    /// Takes care of what happened meanwhile; fails when the build was stopped. For the time between commands.
    pub(crate) fn check(&mut self, log: &mut Log) -> Result<(), Failure> {
        if self.signals.take() {
            return Err(Failure::Stopped);
        }
        while matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Ok(status) if status != WaitStatus::StillAlive) {}
        self.pump_all(log)
    }

    /// Takes the last output of processes in the background, and ends those that would outlive a container-less build.
    pub(crate) fn finish(&mut self, log: &mut Log) -> Result<(), Failure> {
        self.pump_all(log)?;
        for output in self.outputs.drain(..) {
            output.close(log)?;
        }
        leftovers::kill(&self.signals);
        Ok(())
    }

    /// Ends everything at once, for a runner that gives up.
    pub(crate) fn abandon(&mut self) {
        leftovers::kill(&self.signals);
    }

    fn start(&mut self, launch: &Launch<'_>, log: &Log) -> io::Result<Running> {
        let (reader, writer) = io::pipe()?;
        let mut command = Command::new(&launch.argv[0]);
        command.args(&launch.argv[1..]).env_clear().envs(&launch.variables).current_dir(&launch.directory);
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
        if let Some(descriptor) = launch.inherited {
            rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty())?;
        }
        let child = command.spawn();
        if let Some(descriptor) = launch.inherited {
            rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::CLOEXEC)?;
        }
        let child = child?;
        // It holds the pipe's other end.
        drop(command);
        let pid = rustix::process::Pid::from_child(&child);
        let ended = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok();
        self.next_output += 1;
        // First in line: when several have something to say, the running command is heard before the background.
        self.outputs.insert(0, Output::new(self.next_output, reader, log)?);
        let pid = Pid::from_raw(pid.as_raw_nonzero().get());
        Ok(Running { pid, ended, output: self.next_output, status: None, drain: None })
    }

    fn watch(&mut self, running: &mut Running, log: &mut Log) -> Result<i32, Failure> {
        loop {
            self.wait(running)?;
            if self.signals.take() {
                self.stop_requested(running.pid);
            }
            self.reap(running);
            let now = Instant::now();
            self.pump_once(now, log)?;
            self.kill_when_due(running.pid, now);
            match running.status {
                Some(_) if self.stop.is_some() => {
                    self.pump_all(log)?;
                    return Err(Failure::Stopped);
                }
                Some(status) if self.drained(running, now) => return Ok(status),
                _ => {}
            }
        }
    }

    /// Sleeps until something can have happened.
    fn wait(&self, running: &Running) -> Result<(), Failure> {
        let mut descriptors: Vec<PollFd<'_>> =
            self.signals.descriptors().map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)).into();
        if let (Some(ended), None) = (&running.ended, running.status) {
            descriptors.push(PollFd::new(ended.as_fd(), PollFlags::POLLIN));
        }
        descriptors.extend(self.outputs.iter().map(|output| PollFd::new(output.as_fd(), PollFlags::POLLIN)));
        match poll(&mut descriptors, self.timeout(running)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(Failure::Internal(format!("cannot poll: {error}"))),
        }
    }

    fn timeout(&self, running: &Running) -> PollTimeout {
        let stop = self.stop.as_ref().filter(|stop| !stop.killed).map(|stop| stop.kill_at);
        let drain = running.drain.as_ref().map(|drain| drain.until);
        let pauses = self.outputs.iter().filter_map(Output::pause_at);
        let Some(first) = stop.into_iter().chain(drain).chain(pauses).min() else { return PollTimeout::NONE };
        // Rounded up: waking a moment too early would spin.
        let millis = first.saturating_duration_since(Instant::now()).as_millis() + 1;
        PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
    }

    /// Collects every child that has ended: ours, and orphans that became ours.
    fn reap(&mut self, running: &mut Running) {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            match status {
                WaitStatus::Exited(pid, code) if pid == running.pid => running.status = Some(code),
                WaitStatus::Signaled(pid, signal, _) if pid == running.pid => {
                    running.status = Some(128 + signal as i32);
                }
                WaitStatus::StillAlive => break,
                _ => {}
            }
        }
        if running.status.is_some() && running.drain.is_none() {
            let output = self.outputs.iter().find(|output| output.id == running.output);
            let owed = output.map_or(0, |output| output.taken + output.waiting());
            running.drain = Some(Drain { until: Instant::now() + DRAIN, owed });
        }
    }

    fn drained(&self, running: &Running, now: Instant) -> bool {
        let Some(output) = self.outputs.iter().find(|output| output.id == running.output) else { return true };
        running.drain.as_ref().is_some_and(|drain| now >= drain.until && output.taken >= drain.owed)
    }

    fn pump_once(&mut self, now: Instant, log: &mut Log) -> Result<bool, Failure> {
        let mut any = false;
        let mut open = Vec::with_capacity(self.outputs.len());
        for mut output in self.outputs.drain(..) {
            match output.pump(&mut self.buffer, now, log)? {
                Pumped::Some => any = true,
                Pumped::None => {}
                Pumped::Closed => continue,
            }
            open.push(output);
        }
        self.outputs = open;
        Ok(any)
    }

    /// Takes what is there, a bounded amount of it.
    fn pump_all(&mut self, log: &mut Log) -> Result<(), Failure> {
        for _ in 0..64 {
            if !self.pump_once(Instant::now(), log)? {
                break;
            }
        }
        Ok(())
    }

    fn stop_requested(&mut self, pid: Pid) {
        let now = Instant::now();
        match &mut self.stop {
            None => {
                signals::send(pid, Signal::SIGTERM);
                self.stop = Some(Stop { kill_at: now + STOP_GRACE, killed: false });
            }
            Some(stop) => stop.kill_at = now,
        }
    }

    fn kill_when_due(&mut self, pid: Pid, now: Instant) {
        if let Some(stop) = self.stop.as_mut().filter(|stop| !stop.killed && now >= stop.kill_at) {
            stop.killed = true;
            signals::send(pid, Signal::SIGKILL);
        }
    }
}
