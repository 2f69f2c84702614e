use super::*;
use crate::conformance::{Ground, Trial, conformance, launch, owner, try_fact, until};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Agents that say what they found and then wait.
const AGENT: &str = r#"#!/bin/sh
case "$*" in *--check*) exit 0 ;; *--clear*) echo "$*" >> "$0.cleared"; exit 0 ;; esac
env > heard.new && mv heard.new heard
trap 'exit 0' TERM
while :; do sleep 0.05; done
"#;
/// One that has to be told twice, as if it had a build.
const BUSY: &str = r#"#!/bin/sh
case "$*" in *--check*) exit 0 ;; *--clear*) echo "$*" >> "$0.cleared"; exit 0 ;; esac
trap 'trap "touch ../told-twice; exit 0" TERM' TERM
touch ready
while :; do sleep 0.05; done
"#;
const DEAF: &str = r#"#!/bin/sh
case "$*" in *--check*) exit 0 ;; *--clear*) echo "$*" >> "$0.cleared"; exit 0 ;; esac
trap '' TERM
touch ready
while :; do sleep 0.05; done
"#;
const PARTICULAR: &str = "#!/bin/sh\necho 'agent.toml:1: labels: no' >&2\nexit 2\n";
const SLOW: &str = "#!/bin/sh\nexec sleep 60\n";

struct ProcessGround {
    directory: tempfile::TempDir,
    others: std::sync::Mutex<Vec<std::process::Child>>,
}

async fn ground() -> ProcessGround {
    ProcessGround { directory: tempfile::tempdir().unwrap(), others: std::sync::Mutex::default() }
}

impl ProcessGround {
    fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        if !path.exists() {
            let draft = self.directory.path().join(format!("{name}.new"));
            std::fs::write(&draft, script).unwrap();
            std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
            std::fs::rename(&draft, &path).unwrap();
        }
        path
    }

    fn settings(&self, name: &str, script: &str) -> ProcessSettings {
        let directory = self.directory.path().join("instances");
        let grace = Duration::from_secs(2);
        let program = self.program(name, script);
        ProcessSettings { grace, check_within: Duration::from_secs(5), ..ProcessSettings::new(program, directory) }
    }

    fn folders(&self) -> Vec<PathBuf> {
        let below = |path: &Path| -> Vec<PathBuf> {
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
        };
        let coordinators = below(&self.directory.path().join("instances"));
        coordinators.iter().flat_map(|path| below(path)).flat_map(|path| below(&path)).collect()
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.folders().into_iter().find(|path| path.ends_with(name)).unwrap_or_default()
    }

    fn pid(&self, instance: &InstanceId) -> Option<u32> {
        Some(Identity::with_variable("BUILDYARD_TICKET", &instance.0)?.pid)
    }
}

impl Drop for ProcessGround {
    fn drop(&mut self) {
        for other in self.others.lock().unwrap().iter_mut() {
            other.kill().unwrap();
            other.wait().unwrap();
        }
    }
}

#[async_trait]
impl Ground for ProcessGround {
    async fn attach(&self, owner: Owner) -> Arc<dyn Provisioner> {
        Arc::new(Process::new(self.settings("agent.sh", AGENT), &owner))
    }

    async fn hung(&self, owner: Owner) -> Arc<dyn Provisioner> {
        let settings = ProcessSettings { check_within: Duration::from_millis(200), ..self.settings("slow.sh", SLOW) };
        Arc::new(Process::new(settings, &owner))
    }

    async fn broken(&self, owner: Owner) -> Arc<dyn Provisioner> {
        Arc::new(Process::new(self.settings("particular.sh", PARTICULAR), &owner))
    }

    async fn stranger(&self) -> InstanceId {
        // The same program with a ticket, but of no folder: a person started it.
        let ticket = launch("linux").ticket;
        let mut command = std::process::Command::new(self.program("agent.sh", AGENT));
        command.env("BUILDYARD_TICKET", ticket.to_string()).current_dir(self.directory.path());
        self.others.lock().unwrap().push(command.spawn().unwrap());
        while self.pid(&id(ticket)).is_none() {
            sleep(GLANCE).await;
        }
        id(ticket)
    }

    async fn lives(&self, instance: &InstanceId) -> bool {
        self.pid(instance).is_some()
    }

    async fn end(&self, instance: &InstanceId) {
        Identity::of(self.pid(instance).unwrap()).unwrap().kill_group();
    }

    async fn heard(&self, ticket: Ticket) -> Option<String> {
        Some(std::fs::read_to_string(self.folder(&ticket.to_string()).join("heard")).unwrap_or_default())
    }

    async fn public(&self, instance: &InstanceId) -> String {
        let line = std::fs::read(format!("/proc/{}/cmdline", self.pid(instance).unwrap())).unwrap();
        let config = std::fs::read_to_string(self.folder(&instance.0).join("agent.toml")).unwrap();
        format!("{} {config}", String::from_utf8_lossy(&line))
    }

    fn hangs_whole(&self) -> bool {
        false
    }
}

conformance!(ground());

/// A fleet of agents of this script, and one of them running.
async fn one(ground: &ProcessGround, name: &str, script: &str) -> (Process, Launch) {
    let fleet = Process::new(ground.settings(name, script), &owner("c", "linux"));
    let launch = launch("linux");
    fleet.launch(std::slice::from_ref(&launch)).await.unwrap();
    let ready = ground.folder(&launch.ticket.to_string()).join("ready");
    until("the agent is ready", async || ready.exists()).await;
    (fleet, launch)
}

#[tokio::test]
async fn a_busy_agent_is_told_twice_before_it_is_killed() {
    let ground = ground().await;
    let (fleet, launch) = one(&ground, "busy.sh", BUSY).await;
    fleet.terminate(&id(launch.ticket)).await.unwrap();
    let told = ground.folders().iter().any(|path| path.ends_with("told-twice"));
    assert!(told && fleet.instances().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_deaf_agent_is_killed_and_told_as_stopping_until_then() {
    let ground = ground().await;
    let (fleet, launch) = one(&ground, "deaf.sh", DEAF).await;
    let instance = id(launch.ticket);
    let (ended, ()) = tokio::join!(fleet.terminate(&instance), async {
        until("it is stopping", async || {
            fleet.instances().await.unwrap().first().is_some_and(|one| one.state == InstanceState::Stopping)
        })
        .await;
    });
    ended.unwrap();
    assert!(!ground.lives(&instance).await);
}

#[tokio::test]
async fn an_agent_whose_start_was_not_written_down_is_found() {
    try_fact(&ground().await, async |trial: &Trial<'_>| {
        let (_, instance) = trial.launched().await;
        let ground = owner(&trial.owner.coordinator, "linux");
        let directory = trial.ground.public(&instance.id).await;
        let data = directory.split("data_dir = \"").nth(1).unwrap().split('"').next().unwrap();
        std::fs::remove_file(Path::new(data).with_file_name("process.json")).unwrap();
        let later = trial.attach(&ground).await;
        assert_eq!(later.instances().await.unwrap()[0].id, instance.id);
    })
    .await;
}

#[tokio::test]
async fn what_an_agent_kept_goes_with_it_and_its_configuration_is_given() {
    let ground = ground().await;
    let agent = toml::toml! { [executor]
    kind = "host" };
    let settings = ProcessSettings { agent, ..ground.settings("agent.sh", AGENT) };
    let fleet = Process::new(settings, &owner("c", "linux"));
    let launch = launch("linux");
    fleet.launch(std::slice::from_ref(&launch)).await.unwrap();
    let folder = ground.folder(&launch.ticket.to_string());
    let config: toml::Table = std::fs::read_to_string(folder.join("agent.toml")).unwrap().parse().unwrap();
    assert_eq!(config["executor"]["kind"].as_str(), Some("host"));
    assert_eq!(config["data_dir"].as_str(), folder.join("data").to_str());
    std::fs::create_dir(folder.join("data")).unwrap();
    until("the agent runs", async || folder.join("heard").exists()).await;
    fleet.terminate(&id(launch.ticket)).await.unwrap();
    until("nothing is left", async || ground.folders().is_empty()).await;
}

/// One that leaves builds behind that cannot be removed the first time.
const STUBBORN: &str = r#"#!/bin/sh
case "$*" in *--check*) exit 0 ;; *--clear*) test -e "$0.cleared" && exit 0; echo "$*" > "$0.cleared"; exit 3 ;; esac
mkdir -p data
touch ready
while :; do sleep 0.05; done
"#;

#[tokio::test]
async fn what_a_killed_agents_builds_left_is_cleared_before_its_folder_goes() {
    let ground = ground().await;
    let (fleet, launch) = one(&ground, "stubborn.sh", STUBBORN).await;
    let folder = ground.folder(&launch.ticket.to_string());
    ground.end(&id(launch.ticket)).await;
    until("it is gone", async || fleet.instances().await.unwrap().is_empty()).await;
    let told = std::fs::read_to_string(ground.directory.path().join("stubborn.sh.cleared")).unwrap();
    let config = folder.join("agent.toml");
    assert_eq!(told.trim(), format!("agent --config {} --clear", config.display()));
    let config: toml::Table = std::fs::read_to_string(config).unwrap().parse().unwrap();
    assert_eq!(config["name"].as_str(), Some(launch.agent.as_str()), "by which its builds are known");
    assert!(folder.is_dir(), "it failed: a later try needs to know of it");
    // A later coordinator tries at once.
    let later = Process::new(ground.settings("stubborn.sh", STUBBORN), &owner("c", "linux"));
    assert!(later.instances().await.unwrap().is_empty());
    assert!(!folder.exists());
}
