//! These need a real engine. Where none answers they fail and say so.

use super::*;
use crate::conformance::{Ground, conformance, launch, owner};
use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures::TryStreamExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tokio::net::UnixListener;

const REPOSITORY: &str = "localhost/buildyard-provision-test";
/// An agent that says what it found and waits; as a container's first process it needs the trap.
const AGENT: &str = "trap 'exit 0' TERM; env | grep '^BUILDYARD'; while :; do sleep 0.1; done";
const APPLETS: &str = "sh sleep env grep";

/// The image, made once per version of this test.
pub(crate) async fn image() -> String {
    static MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    let image = format!("{REPOSITORY}:latest");
    MADE.get_or_init(|| async {
        let docker = docker();
        if docker.inspect_image(&image).await.is_err() {
            let options = CreateImageOptionsBuilder::default().from_src("-").repo(REPOSITORY).tag("latest").build();
            let body = bollard::body_full(root_file_system().into());
            docker.create_image(Some(options), Some(body), None).try_collect::<Vec<_>>().await.unwrap();
        }
    })
    .await;
    image
}

pub(crate) fn docker() -> Docker {
    Docker::connect_with_unix("/var/run/docker.sock", 60, bollard::API_DEFAULT_VERSION)
        .expect("these tests run real containers, and need Docker here")
}

fn root_file_system() -> Vec<u8> {
    let root = tempfile::tempdir().unwrap();
    let bin = root.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| std::path::Path::new(path).exists());
    std::fs::copy(
        busybox.expect("these tests make an image of busybox: apt-get install busybox-static"),
        bin.join("busybox"),
    )
    .unwrap();
    for applet in APPLETS.split(' ') {
        std::os::unix::fs::symlink("busybox", bin.join(applet)).unwrap();
    }
    let tar = Command::new("tar").arg("-C").arg(root.path()).args(["-c", "."]).output().unwrap();
    assert!(tar.status.success());
    tar.stdout
}

/// What an agent's command is in these tests.
pub(crate) fn command() -> Vec<String> {
    ["/bin/sh", "-c", AGENT].map(str::to_owned).into()
}

/// A socket that takes connections and never answers.
pub(crate) struct Silence {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl Silence {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        });
        Self { _folder: folder, path, task }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct DockerGround {
    image: String,
    silence: Silence,
    strangers: Mutex<Vec<String>>,
}

async fn ground() -> DockerGround {
    DockerGround { image: image().await, silence: Silence::new(), strangers: Mutex::default() }
}

impl DockerGround {
    fn settings(&self) -> DockerSettings {
        let grace = Duration::from_secs(4);
        DockerSettings { command: command(), network: "none".into(), grace, ..DockerSettings::new(&self.image) }
    }
}

impl Drop for DockerGround {
    fn drop(&mut self) {
        for stranger in self.strangers.lock().unwrap().iter() {
            Command::new("docker").args(["rm", "-f", stranger]).output().unwrap();
        }
    }
}

#[async_trait]
impl Ground for DockerGround {
    async fn attach(&self, owner: Owner) -> Arc<dyn Provisioner> {
        Arc::new(DockerEngine::new(self.settings(), owner))
    }

    async fn hung(&self, owner: Owner) -> Arc<dyn Provisioner> {
        let mut settings = self.settings();
        settings.engine.address = Some(self.silence.path.display().to_string());
        settings.engine.connect_within = Duration::from_millis(200);
        Arc::new(DockerEngine::new(settings, owner))
    }

    async fn broken(&self, owner: Owner) -> Arc<dyn Provisioner> {
        let image = "buildyard/there-is-no-such-image:1".to_owned();
        Arc::new(DockerEngine::new(DockerSettings { image, ..self.settings() }, owner))
    }

    async fn stranger(&self) -> InstanceId {
        // A name and a ticket as ours have them, by hand.
        let launch = launch("linux");
        let name = name(launch.ticket);
        let ticket = format!("buildyard.ticket={}", launch.ticket);
        let run = ["run", "-d", "--name", &name, "--label", &ticket, "--label", "buildyard.fleet=linux", &self.image];
        let mut command = Command::new("docker");
        let made = command.args(run).args(["/bin/sh", "-c", AGENT]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.strangers.lock().unwrap().push(name.clone());
        InstanceId(name)
    }

    async fn lives(&self, instance: &InstanceId) -> bool {
        docker().inspect_container(&instance.0, None).await.is_ok_and(|found| is_running(&found))
    }

    async fn end(&self, instance: &InstanceId) {
        docker().kill_container(&instance.0, None).await.unwrap();
    }

    async fn heard(&self, ticket: Ticket) -> Option<String> {
        let said = Command::new("docker").args(["logs", &name(ticket)]).output().unwrap();
        Some(String::from_utf8_lossy(&said.stdout).into_owned())
    }

    async fn public(&self, instance: &InstanceId) -> String {
        let found = docker().inspect_container(&instance.0, None).await.unwrap();
        let labels = found.config.unwrap().labels;
        format!("{labels:?} {:?} {:?} {:?}", found.args, found.name, found.path)
    }
}

conformance!(ground());

fn engine(ground: &DockerGround) -> DockerEngine {
    DockerEngine::new(ground.settings(), owner(&format!("trial-{}", uuid::Uuid::new_v4()), "linux"))
}

#[tokio::test]
async fn a_volume_goes_with_its_agent_and_one_without_an_agent_is_an_instance_that_can_go() {
    let ground = ground().await;
    let fleet = engine(&ground);
    let (one, half) = (launch("linux"), launch("linux"));
    fleet.launch(std::slice::from_ref(&one)).await.unwrap();
    // The coordinator ended between the making of a volume and of its container.
    let labels = Some(fleet.owner.labels_of(&half));
    let request = VolumeCreateRequest { name: Some(name(half.ticket)), labels, ..Default::default() };
    docker().create_volume(request).await.unwrap();
    let there = fleet.instances().await.unwrap();
    let found = there.iter().find(|found| found.ticket == Some(half.ticket)).unwrap();
    assert_eq!((there.len(), found.state), (2, InstanceState::Starting));
    for instance in &there {
        fleet.terminate(&instance.id).await.unwrap();
    }
    assert!(fleet.instances().await.unwrap().is_empty() && fleet.volumes().await.unwrap().is_empty());
}

#[tokio::test]
async fn builds_that_an_agent_left_behind_go_and_those_of_another_agent_of_its_name_stay() {
    let ground = ground().await;
    let fleet = engine(&ground);
    let launch = launch("linux");
    fleet.launch(std::slice::from_ref(&launch)).await.unwrap();
    let label = format!("buildyard.agent={}", launch.agent);
    let data = fleet.volumes().await.unwrap()[0].1.mountpoint.clone();
    let elsewhere = tempfile::tempdir().unwrap();
    let container = |label: &str, network: &str, folder: &str| {
        let bind = format!("{folder}:/work");
        let image = ground.image.as_str();
        let run = ["run", "-d", "--network", network, "--label", label, "-v", &bind, image, "/bin/sh", "-c", AGENT];
        let made = Command::new("docker").args(run).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let id = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        ground.strangers.lock().unwrap().push(id.clone());
        InstanceId(id)
    };
    let (inside, elsewhere) = (format!("{data}/builds"), elsewhere.path().to_str().unwrap());
    let (own, others) = (container(&label, "bridge", &inside), container(&label, "bridge", elsewhere));
    // Kept for the next build, on an engine that has about 30 for everybody.
    let owner = format!("buildyard.network-owner={}", launch.agent);
    let kept = format!("{}.net", launch.ticket);
    let made = Command::new("docker").args(["network", "create", "--label", &owner, &kept]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let holder = container(&owner, &kept, &inside);
    fleet.terminate(&InstanceId(name(launch.ticket))).await.unwrap();
    assert!(!ground.lives(&own).await && ground.lives(&others).await);
    assert!(!ground.lives(&holder).await, "what held its network is left");
    assert!(docker().inspect_network(&kept, None).await.is_err(), "its network is left");
}

#[tokio::test]
async fn a_container_that_was_made_and_not_started_is_started_by_the_repeated_launch() {
    let ground = ground().await;
    let fleet = engine(&ground);
    let launch = launch("linux");
    let labels = fleet.owner.labels_of(&launch);
    let volume = Volume { name: name(launch.ticket), mountpoint: "/data".into(), ..Default::default() };
    let body = container::body(&fleet.settings, "/var/run/docker.sock", &launch, labels, &volume).unwrap();
    let options = CreateContainerOptionsBuilder::default().name(&volume.name).build();
    docker().create_container(Some(options), body).await.unwrap();
    assert_eq!(fleet.instances().await.unwrap()[0].state, InstanceState::Starting);
    fleet.launch(&[launch]).await.unwrap();
    assert_eq!(fleet.instances().await.unwrap()[0].state, InstanceState::Running);
    fleet.terminate(&InstanceId(volume.name)).await.unwrap();
    assert!(fleet.instances().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_image_that_is_not_there_is_not_pulled_and_leaves_nothing() {
    let ground = ground().await;
    let own = owner("trial-image", "linux");
    let error = ground.broken(own.clone()).await.launch(&[launch("linux")]).await.unwrap_err();
    assert!(error.to_string().contains("make agent-image"), "{error}");
    assert!(DockerEngine::new(ground.settings(), own).instances().await.unwrap().is_empty());
}
