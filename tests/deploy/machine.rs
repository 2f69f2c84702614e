//! A container that stands for a host whose first process is systemd.

use crate::{repository, said};
use harness::{binary, wait_for};
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// The machine; it is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Machine {
    container: String,
}

impl Machine {
    /// Boots a machine that has the program as /opt/buildyard and this repository's deploy/ as /opt/deploy.
    pub(crate) fn boot() -> Self {
        said(Command::new("sh").arg(repository("tests/deploy/systemd-image.sh"))).unwrap();
        let (program, deploy) = (binary().canonicalize().unwrap(), repository("deploy"));
        let mut run = Command::new("docker");
        run.args(["run", "--detach", "--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined"]);
        run.args(["--security-opt", "apparmor=unconfined", "--network", "none", "--env", "container=docker"]);
        run.args(["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp"]);
        run.args(["--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"]);
        run.arg("--volume").arg(format!("{}:/opt/buildyard:ro", program.display()));
        run.arg("--volume").arg(format!("{}:/opt/deploy:ro", deploy.display()));
        let container = said(run.arg("buildyard/systemd-test:1")).unwrap().trim().to_owned();
        let machine = Self { container };
        wait_for("systemd's bus", PATIENCE, || machine.try_sh("systemctl is-system-running --wait").ok());
        machine
    }

    /// Runs a shell script there; it must succeed. What it printed.
    pub(crate) fn sh(&self, script: &str) -> String {
        self.try_sh(script).unwrap_or_else(|error| {
            let journal = self.try_sh("journalctl --no-pager --lines 60").unwrap_or_default();
            panic!("{error}\n{journal}")
        })
    }

    fn try_sh(&self, script: &str) -> Result<String, String> {
        said(Command::new("docker").args(["exec", &self.container, "sh", "-euc", script]))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = said(Command::new("docker").args(["rm", "--force", "--volumes", &self.container]));
    }
}
