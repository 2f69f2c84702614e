//! A child process whose end is certain.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running program, its output in a file.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pub output: PathBuf,
}

impl Process {
    /// Starts `command`; both outputs are appended to `output`.
    pub fn start(command: &mut Command, output: &Path) -> Self {
        let file = File::options().create(true).append(true).open(output).expect("the output file opens");
        let again = file.try_clone().expect("the output file is shared");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(again).spawn().expect("the program starts");
        Self { child, output: output.to_owned() }
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid fits")
    }

    pub fn signal(&self, signal: Signal) {
        // Gone already is as good.
        let _ = kill(Pid::from_raw(self.pid()), signal);
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Asks for the end and waits for it; kills after `patience` and says so.
    pub fn end(&mut self, patience: Duration) -> Option<ExitStatus> {
        self.signal(Signal::SIGTERM);
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill();
        None
    }

    /// Its exit code, once it has ended by itself; the inner one is none after a signal.
    pub fn ended(&mut self) -> Option<Option<i32>> {
        self.child.try_wait().ok().flatten().map(|status| status.code())
    }

    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// Largest resident memory so far, in KiB.
    pub fn peak_memory_kib(&self) -> u64 {
        self.status_field("VmHWM:")
    }

    /// Resident memory now, in KiB.
    pub fn memory_kib(&self) -> u64 {
        self.status_field("VmRSS:")
    }

    fn status_field(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the process runs");
        let line = status.lines().find(|line| line.starts_with(name)).expect("the field is there");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("it is a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(Duration::from_secs(20));
    }
}

/// Waits until `condition` gives something. For state that only another process can tell; it fails loudly.
pub fn wait_for<T>(what: &str, patience: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(25));
    }
}
