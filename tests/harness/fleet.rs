//! One coordinator and its agents, driven through the CLI.

use crate::agent::AgentOptions;
use crate::disk::Disk;
use crate::process::{Process, wait_for};
use crate::{binary, coordinator};
use buildyard_model::{BuildStatus, BuildView};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// A fleet in a temporary directory.
#[derive(Debug)]
pub struct Fleet {
    pub agents: Vec<Process>,
    pub coordinator: Process,
    agent_options: Vec<AgentOptions>,
    config: PathBuf,
    grpc: u16,
    /// The agents', then the coordinator's, of those that have one.
    pub disks: Vec<Disk>,
    directory: TempDir,
}

/// What a test wants of its coordinator.
#[derive(Debug, Clone, Default)]
pub struct FleetOptions {
    /// Further TOML.
    pub more: String,
    /// How agents and clients reach the storage: `listen.public_url`.
    pub public_url: Option<String>,
    /// MiB of a disk of its own for its data directory.
    pub disk_mib: Option<u64>,
}

/// A submitted build.
#[derive(Debug, Clone)]
pub struct Started {
    pub id: String,
}

impl Fleet {
    /// A coordinator and one agent, connected.
    pub fn start(agent: AgentOptions) -> Self {
        Self::start_with("", vec![agent])
    }

    /// With further TOML for the coordinator.
    pub fn start_with(more: &str, agents: Vec<AgentOptions>) -> Self {
        Self::start_as(&FleetOptions { more: more.to_owned(), ..FleetOptions::default() }, agents)
    }

    /// With a coordinator as it is wanted.
    pub fn start_as(options: &FleetOptions, agents: Vec<AgentOptions>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory is made");
        let (http, grpc) = (coordinator::free_port(), coordinator::free_port());
        let listen = options.public_url.as_ref().map(|url| format!("public_url = {url:?}")).unwrap_or_default();
        let config = coordinator::write(directory.path(), http, grpc, &listen, &options.more);
        // An agent keeps the program there too.
        let program = std::fs::metadata(binary()).expect("the program is there").len().div_ceil(1 << 20);
        let size = |agent: &AgentOptions| agent.disk_mib.map(|mib| mib + program);
        let sizes = agents.iter().map(|agent| (agent.data(directory.path()), size(agent)));
        let sizes = sizes.chain([(coordinator::data(directory.path()), options.disk_mib)]);
        let disks = sizes.filter_map(|(path, mib)| Some(Disk::mount(&path, mib?))).collect();
        let coordinator = spawn_coordinator(directory.path(), &config);
        let mut fleet = Self { agents: Vec::new(), coordinator, agent_options: agents, config, grpc, disks, directory };
        fleet.wait_ready();
        for at in 0..fleet.agent_options.len() {
            let agent = fleet.spawn_agent(at);
            fleet.agents.push(agent);
        }
        fleet.wait_online(fleet.agent_options.len());
        fleet
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the first agent's builds left on its disk and in its memory.
    pub fn workspaces(&self) -> Vec<PathBuf> {
        let data = self.agent_options[0].data(self.directory());
        let key = hex::encode(Sha256::digest(data.as_os_str().as_encoded_bytes()));
        let memory = Path::new("/dev/shm").join(format!("buildyard-{}", &key[..16]));
        let folders = [data.join("builds"), data.join("trash"), memory];
        let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        entries.map(|entry| entry.expect("the folder can be read").path()).collect()
    }

    pub fn agent_name(&self) -> &str {
        &self.agent_options[0].name
    }

    fn wait_ready(&mut self) {
        let environment = self.credentials();
        wait_for("the coordinator", Duration::from_secs(20), || {
            assert!(self.coordinator.running(), "the coordinator ended:\n{}", self.coordinator.text());
            let listening = std::net::TcpStream::connect(("127.0.0.1", self.grpc)).is_ok();
            (environment.exists() && listening).then_some(())
        });
    }

    /// Waits until so many agents are online.
    pub fn wait_online(&self, count: usize) {
        wait_for("the agents", Duration::from_secs(30), || {
            let agents = self.documents(&["agents"]);
            (agents.iter().filter(|agent| agent["status"] == "ONLINE").count() == count).then_some(())
        });
    }

    fn spawn_agent(&self, at: usize) -> Process {
        let options = &self.agent_options[at];
        let config = options.write(self.directory(), self.grpc);
        let credentials =
            std::fs::read_to_string(self.directory().join("coordinator/credentials.json")).expect("it is there");
        let credentials: serde_json::Value = serde_json::from_str(&credentials).expect("it is JSON");
        let mut command = Command::new(binary());
        command.arg("agent").arg("--config").arg(config);
        command.env("BUILDYARD_AGENT_JOIN_TOKEN", credentials["join_token"].as_str().expect("a token"));
        Process::start(&mut command, &self.directory().join(format!("{}.log", options.name)))
    }

    /// `kill -9` of the coordinator; `restart_coordinator` brings it back.
    pub fn kill_coordinator(&mut self) {
        self.coordinator.kill();
    }

    pub fn restart_coordinator(&mut self) {
        self.coordinator = spawn_coordinator(self.directory.path(), &self.config);
        self.wait_ready();
    }

    pub fn kill_agent(&mut self) {
        self.agents[0].kill();
    }

    pub fn restart_agent(&mut self) {
        self.agents[0] = self.spawn_agent(0);
    }

    fn credentials(&self) -> PathBuf {
        self.directory().join("coordinator/credentials.env")
    }

    /// The variables of `credentials.env`.
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(self.credentials()).expect("the credentials are there");
        let assignments = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        assignments.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
    }

    /// Runs `buildyard` with the fleet's credentials.
    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(binary()).args(arguments).envs(self.environment()).output().expect("buildyard runs")
    }

    /// The one JSON document that a command prints.
    pub fn document(&self, arguments: &[&str]) -> serde_json::Value {
        self.documents(arguments).pop().unwrap_or_else(|| panic!("{arguments:?} printed nothing"))
    }

    /// The JSON documents that a command prints, one a line.
    pub fn documents(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let mut whole = arguments.to_vec();
        whole.extend(["--output", "json"]);
        let out = self.run(&whole);
        assert!(
            out.status.success(),
            "{arguments:?} failed: {}\ncoordinator:\n{}",
            String::from_utf8_lossy(&out.stderr),
            self.coordinator.text()
        );
        let documents = serde_json::Deserializer::from_slice(&out.stdout).into_iter();
        documents
            .map(|document| document.unwrap_or_else(|error| panic!("{arguments:?} gave no JSON: {error}")))
            .collect()
    }

    /// Submits a build with an inline buildspec and no source; `more` are further arguments of `start`.
    pub fn submit(&self, buildspec: &str, more: &[&str]) -> Started {
        let path = self.directory().join("buildspec-inline.yml");
        std::fs::write(&path, buildspec).expect("the buildspec is written");
        let mut arguments = vec!["start", "--source", "none", "--buildspec", path.to_str().expect("UTF-8")];
        arguments.extend(more);
        self.submit_with(&arguments)
    }

    /// Submits by a whole `start` command line.
    pub fn submit_with(&self, arguments: &[&str]) -> Started {
        let build = self.document(arguments);
        Started { id: build["id"].as_str().expect("a build has an id").to_owned() }
    }

    pub fn show(&self, build: &Started) -> BuildView {
        serde_json::from_value(self.document(&["show", &build.id])).expect("a build's document")
    }

    /// Waits for the build's end.
    pub fn finish(&self, build: &Started, patience: Duration) -> BuildView {
        wait_for(&format!("the end of {}", build.id), patience, || {
            let view = self.show(build);
            view.build_complete.then_some(view)
        })
    }

    /// Waits for the build's end, which must be a success.
    pub fn succeed(&self, build: &Started, patience: Duration) -> BuildView {
        let view = self.finish(build, patience);
        let log = String::from_utf8_lossy(&self.log(build)).into_owned();
        let agents: String = self.agents.iter().map(Process::text).collect();
        assert_eq!(view.build_status, BuildStatus::Succeeded, "{view:#?}\nlog:\n{log}\nagents:\n{agents}");
        view
    }

    /// The stored log, as bytes.
    pub fn log(&self, build: &Started) -> Vec<u8> {
        let out = self.run(&["logs", &build.id, "--raw"]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    }
}

fn spawn_coordinator(directory: &Path, config: &Path) -> Process {
    let mut command = Command::new(binary());
    command.arg("coordinator").arg("--config").arg(config);
    Process::start(&mut command, &directory.join("coordinator.log"))
}
