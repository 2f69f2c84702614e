//! `kill -9` of `buildyard run`: the next `run` or `up` removes what it left, and nothing else.

use harness::{Process, binary, busybox_image, leftovers, wait_for};
use nix::sys::signal::Signal;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A user's home and temporary folder, and a project that builds for ever.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["state", "tmp", "endless", "quick"] {
            std::fs::create_dir(home.path().join(folder)).unwrap();
        }
        let project = |name: &str, command: &str| {
            let text = format!("version: 0.2\nphases:\n  build:\n    commands: ['{command}']\n");
            std::fs::write(home.path().join(name).join("buildspec.yml"), text).unwrap();
        };
        project("endless", "echo begun; sleep 600");
        project("quick", "echo done");
        Self(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.0.path());
        command.env("XDG_STATE_HOME", self.path("state")).env("TMPDIR", self.path("tmp"));
        command
    }

    fn claims(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("state/buildyard/runs")).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned));
        names.filter(|name| !name.starts_with('.')).collect()
    }

    /// Starts a build that does not end, and gives its name once a command runs.
    fn start(&self, arguments: &[&str], output: &str) -> (Process, String) {
        let before = self.claims();
        let mut command = self.command(&["run", "endless"]);
        let process = Process::start(command.args(arguments), &self.path(output));
        wait_for("the build", PATIENCE, || process.text().lines().any(|line| line.trim() == "begun").then_some(()));
        let name = self.claims().into_iter().find(|name| !before.contains(name)).unwrap();
        (process, name)
    }

    fn quick(&self) -> Output {
        let output = self.command(&["run", "quick", "--executor", "host"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.path("tmp").canonicalize().unwrap().join(format!("buildyard-{name}"))
    }
}

/// Where an agent keeps secrets in memory.
fn memory(data_dir: &Path) -> PathBuf {
    use sha2::{Digest, Sha256};
    let key = hex::encode(Sha256::digest(data_dir.as_os_str().as_encoded_bytes()));
    Path::new("/dev/shm").join(format!("buildyard-{}", &key[..16]))
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn the_container_of_a_killed_run_goes_with_the_next_run_and_no_other() {
    let image = busybox_image();
    let home = Home::new();
    let (mut killed, dead) = home.start(&["--image", &image], "killed.log");
    let (mut living, alive) = home.start(&["--image", &image], "living.log");
    // As one of another host on the same engine, or of somebody else altogether.
    let foreign = docker(&["create", "--label", "buildyard.agent=run-0123456789ab", &image, "true"]);
    killed.kill();
    assert!(leftovers(&dead).len() >= 2, "a container and a network: {:?}", leftovers(&dead));
    assert!(home.folder(&dead).is_dir());

    let said = String::from_utf8_lossy(&home.quick().stderr).into_owned();
    assert!(said.contains(&format!("removed what {dead} had left")), "{said}");
    assert_eq!(leftovers(&dead), [] as [String; 0]);
    assert!(!home.folder(&dead).exists() && !memory(&home.folder(&dead).join("agent")).exists());
    assert_eq!(home.claims(), std::slice::from_ref(&alive));
    assert!(living.running() && leftovers(&alive).len() >= 2 && home.folder(&alive).is_dir());
    assert_eq!(docker(&["ps", "-aq", "--no-trunc", "--filter", &format!("id={foreign}")]), foreign);

    docker(&["rm", &foreign]);
    living.signal(Signal::SIGTERM);
    wait_for("the end of the other", PATIENCE, || (!living.running()).then_some(()));
    assert_eq!(leftovers(&alive), [] as [String; 0]);
    assert!(home.claims().is_empty() && !home.folder(&alive).exists());
}

#[test]
fn the_processes_of_a_killed_run_on_the_host_go_with_the_next_up() {
    let home = Home::new();
    let (mut killed, dead) = home.start(&["--executor", "host"], "killed.log");
    killed.kill();
    let folder = home.folder(&dead);
    let processes = || {
        let all = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
        all.filter(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).contains(&dead)).count()
    };
    assert!(processes() > 0 && folder.is_dir());
    let data = home.path("data");
    let arguments = ["up", "--executor", "host", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--data-dir"];
    let mut up = Process::start(home.command(&arguments).arg(&data), &home.path("up.log"));
    wait_for("up", PATIENCE, || up.text().contains("buildyard is up").then_some(()));
    assert_eq!(processes(), 0, "{}", up.text());
    assert!(!folder.exists() && home.claims().is_empty() && !memory(&folder.join("agent")).exists());
    up.end(PATIENCE);
}
