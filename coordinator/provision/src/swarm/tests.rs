//! These make the engine a swarm of one, on the loopback, if it is in none; the last test to end leaves it again.

use super::*;
use crate::conformance::{Ground, conformance, launch, owner, running, until};
use crate::docker::tests::{Silence, command, docker, image};
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

struct SwarmGround {
    image: String,
    silence: Silence,
    _swarm: SwarmOfOne,
    strangers: Mutex<Vec<String>>,
}

/// The engine in a swarm. Tests are processes of their own: who is the last to hold the lock leaves.
struct SwarmOfOne {
    users: File,
    made: PathBuf,
}

/// What engines make for their first swarm, and keep after it.
const BRIDGE: &str = "docker_gwbridge";

impl SwarmOfOne {
    fn new() -> Self {
        let folder = std::env::temp_dir().join("buildyard-provision-swarm");
        std::fs::create_dir_all(&folder).unwrap();
        let users = File::create(folder.join("users")).unwrap();
        users.lock_shared().unwrap();
        let first = File::create(folder.join("first")).unwrap();
        first.lock().unwrap();
        let made = folder.join("made");
        if run(&["info", "--format", "{{.Swarm.LocalNodeState}}"]).trim() == "inactive" {
            let networks = run(&["network", "ls", "--format", "{{.Name}}"]);
            let bridge = if networks.lines().any(|name| name == BRIDGE) { "" } else { BRIDGE };
            std::fs::write(&made, bridge).unwrap();
            run(&["swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377"]);
        }
        Self { users, made }
    }
}

impl Drop for SwarmOfOne {
    fn drop(&mut self) {
        self.users.unlock().unwrap();
        // Whoever gets it alone is the last.
        if self.users.try_lock().is_err() || !self.made.exists() {
            return;
        }
        let bridge = std::fs::read_to_string(&self.made).unwrap();
        run(&["swarm", "leave", "--force"]);
        if !bridge.is_empty() {
            run(&["network", "rm", &bridge]);
        }
        std::fs::remove_file(&self.made).unwrap();
    }
}

fn run(arguments: &[&str]) -> String {
    let done = Command::new("docker").args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

async fn ground() -> SwarmGround {
    let _swarm = tokio::task::spawn_blocking(SwarmOfOne::new).await.unwrap();
    SwarmGround { image: image().await, silence: Silence::new(), _swarm, strangers: Mutex::default() }
}

impl SwarmGround {
    fn settings(&self) -> SwarmSettings {
        SwarmSettings { command: command(), grace: Duration::from_secs(3), ..SwarmSettings::new(&self.image) }
    }
}

impl Drop for SwarmGround {
    fn drop(&mut self) {
        for stranger in self.strangers.lock().unwrap().iter() {
            run(&["service", "rm", stranger]);
        }
    }
}

#[async_trait]
impl Ground for SwarmGround {
    async fn attach(&self, owner: Owner) -> Arc<dyn Provisioner> {
        Arc::new(Swarm::new(self.settings(), owner))
    }

    async fn hung(&self, owner: Owner) -> Arc<dyn Provisioner> {
        let mut settings = self.settings();
        settings.engine.address = Some(self.silence.path.display().to_string());
        settings.engine.connect_within = Duration::from_millis(200);
        Arc::new(Swarm::new(settings, owner))
    }

    async fn broken(&self, owner: Owner) -> Arc<dyn Provisioner> {
        let constraints = vec!["this is no constraint".to_owned()];
        Arc::new(Swarm::new(SwarmSettings { constraints, ..self.settings() }, owner))
    }

    async fn stranger(&self) -> InstanceId {
        let launch = launch("linux");
        let name = name(launch.ticket);
        let ticket = format!("buildyard.ticket={}", launch.ticket);
        let create = ["service", "create", "--detach", "--name", &name, "--label", &ticket, &self.image];
        run(&[&create[..], &["/bin/sh", "-c", "sleep 1000"]].concat());
        self.strangers.lock().unwrap().push(name.clone());
        InstanceId(name)
    }

    async fn lives(&self, instance: &InstanceId) -> bool {
        docker().inspect_service(&instance.0, None).await.is_ok()
    }

    async fn end(&self, instance: &InstanceId) {
        let filter = format!("label=com.docker.swarm.service.name={}", instance.0);
        let container = run(&["ps", "-q", "--filter", &filter]);
        run(&["kill", container.trim()]);
    }

    async fn heard(&self, ticket: Ticket) -> Option<String> {
        let filter = format!("label=com.docker.swarm.service.name={}", name(ticket));
        let container = run(&["ps", "-q", "--filter", &filter]);
        Some(run(&["logs", container.trim()]))
    }

    async fn public(&self, instance: &InstanceId) -> String {
        let spec = docker().inspect_service(&instance.0, None).await.unwrap().spec.unwrap();
        let container = spec.task_template.unwrap().container_spec.unwrap();
        format!("{:?} {:?} {:?} {:?}", spec.labels, container.labels, container.args, container.mounts)
    }
}

conformance!(ground());

#[tokio::test]
async fn an_image_that_no_node_has_is_told_by_the_next_launch() {
    let ground = ground().await;
    let settings = SwarmSettings { image: "127.0.0.1:1/no-such-image:1".to_owned(), ..ground.settings() };
    let fleet = Swarm::new(settings, owner(&format!("trial-{}", uuid::Uuid::new_v4()), "linux"));
    fleet.launch(&[launch("linux")]).await.unwrap();
    until("the node has rejected it", async || fleet.instances().await.unwrap().is_empty()).await;
    let refused = fleet.launch(&[launch("linux")]).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused(text) if text.contains("no-such-image")), "{refused:?}");
    running(&fleet, 0).await;
}

#[tokio::test]
async fn an_agents_volume_goes_with_it() {
    let ground = ground().await;
    let fleet = Swarm::new(ground.settings(), owner(&format!("trial-{}", uuid::Uuid::new_v4()), "linux"));
    let launch = launch("linux");
    fleet.launch(std::slice::from_ref(&launch)).await.unwrap();
    running(&fleet, 1).await;
    let volume = name(launch.ticket);
    let found = docker().inspect_volume(&volume).await.unwrap();
    assert_eq!(found.mountpoint, format!("{}/{volume}/_data", fleet.volumes().await.unwrap()));
    fleet.terminate(&InstanceId(volume.clone())).await.unwrap();
    assert!(docker().inspect_volume(&volume).await.is_err());
}
