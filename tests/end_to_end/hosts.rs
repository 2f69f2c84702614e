//! Coordinator and agent on hosts of their own: two network namespaces, joined by one cable that can be cut.

use harness::{Process, binary, wait_for};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const COORDINATOR: &str = "10.213.0.1";
const AGENT: &str = "10.213.0.2";

fn ip(arguments: &str) {
    let out = Command::new("ip").args(arguments.split(' ')).output().expect("iproute2 is installed");
    assert!(out.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&out.stderr));
}

/// Two hosts and their cable; gone when dropped.
struct Hosts {
    coordinator: String,
    agent: String,
}

impl Hosts {
    fn new() -> Self {
        let id = std::process::id();
        let hosts = Self { coordinator: format!("byd-c{id}"), agent: format!("byd-a{id}") };
        for (host, _) in hosts.addresses() {
            ip(&format!("netns add {host}"));
            ip(&format!("-n {host} link set lo up"));
        }
        ip(&format!("-n {} link add cable type veth peer name cable netns {}", hosts.coordinator, hosts.agent));
        for (host, address) in hosts.addresses() {
            ip(&format!("-n {host} addr add {address}/30 dev cable"));
            ip(&format!("-n {host} link set cable up"));
        }
        hosts
    }

    fn addresses(&self) -> [(&str, &str); 2] {
        [(&self.coordinator, COORDINATOR), (&self.agent, AGENT)]
    }

    fn cable(&self, state: &str) {
        ip(&format!("-n {} link set cable {state}", self.agent));
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for (host, _) in self.addresses() {
            // What was not made need not be removed.
            let _ = Command::new("ip").args(["netns", "del", host]).output();
        }
    }
}

fn on(host: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", host]).arg(binary());
    command
}

fn credentials(directory: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(directory.join("coordinator/credentials.env")).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
}

fn start(directory: &Path, hosts: &Hosts) -> (Process, Process) {
    let config = |name: &str, text: String| -> PathBuf {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let coordinator = config(
        "coordinator.toml",
        format!(
            "data_dir = {:?}\n[listen]\nhttp = \"{COORDINATOR}:8080\"\ngrpc = \"{COORDINATOR}:8081\"\n",
            directory.join("coordinator")
        ),
    );
    let agent = config(
        "agent.toml",
        format!(
            "name = \"far\"\ndata_dir = {:?}\nslots = 1\ndisk_floor = \"64MiB\"\n[coordinator]\nendpoint = \"http://{COORDINATOR}:8081\"\n[executor]\nkind = \"host\"\n",
            directory.join("agent")
        ),
    );
    let mut command = on(&hosts.coordinator);
    let coordinator =
        Process::start(command.arg("coordinator").arg("--config").arg(coordinator), &directory.join("c.log"));
    wait_for("the coordinator", PATIENCE, || directory.join("coordinator/credentials.env").exists().then_some(()));
    let secrets = std::fs::read_to_string(directory.join("coordinator/credentials.json")).unwrap();
    let secrets: serde_json::Value = serde_json::from_str(&secrets).unwrap();
    let mut command = on(&hosts.agent);
    command.env("BUILDYARD_AGENT_JOIN_TOKEN", secrets["join_token"].as_str().unwrap());
    let agent = Process::start(command.arg("agent").arg("--config").arg(agent), &directory.join("a.log"));
    (coordinator, agent)
}

#[test]
fn an_agent_on_another_host_builds_on_through_a_cut_cable() {
    let directory = tempfile::tempdir().unwrap();
    let hosts = Hosts::new();
    let (coordinator, agent) = start(directory.path(), &hosts);
    let run = |arguments: &[&str]| -> Output {
        on(&hosts.coordinator).args(arguments).envs(credentials(directory.path())).output().unwrap()
    };
    let text = |arguments: &[&str]| String::from_utf8(run(arguments).stdout).unwrap();
    wait_for("the agent", PATIENCE, || text(&["agents", "--output", "json"]).contains("\"ONLINE\"").then_some(()));
    let spec = directory.path().join("spec.yml");
    let buildspec = "version: 0.2
phases: {build: {commands: ['i=0; while [ $i -lt 80 ]; do echo line $i; i=$((i+1)); sleep 0.1; done', 'echo far > far.txt']}}
artifacts: {files: [far.txt]}
";
    std::fs::write(&spec, buildspec).unwrap();
    let started = text(&["start", "--source", "none", "--buildspec", spec.to_str().unwrap(), "--output", "json"]);
    let started: serde_json::Value = serde_json::from_str(&started).unwrap();
    let id = started["id"].as_str().unwrap();
    wait_for("the first lines", PATIENCE, || text(&["logs", id]).contains("line 5\n").then_some(()));
    hosts.cable("down");
    std::thread::sleep(Duration::from_secs(3));
    hosts.cable("up");
    let view = wait_for("the end", PATIENCE, || {
        let view: serde_json::Value = serde_json::from_str(&text(&["show", id, "--output", "json"])).ok()?;
        (view["buildComplete"] == true).then_some(view)
    });
    assert_eq!(view["buildStatus"], "SUCCEEDED", "{view:#}\n{}\n{}", coordinator.text(), agent.text());
    let log = text(&["logs", id, "--raw"]);
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with("line ")).collect();
    let expected: Vec<String> = (0..80).map(|at| format!("line {at}")).collect();
    assert_eq!(lines, expected, "lines were lost, doubled or changed places");
    let into = directory.path().join("downloaded");
    assert!(run(&["artifacts", id, "--download", into.to_str().unwrap()]).status.success());
    assert_eq!(std::fs::read_to_string(into.join("far.txt")).unwrap(), "far\n");
}
