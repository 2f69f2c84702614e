//! The engine's tests need a real engine. Where none answers they fail and say so; they never pass by being skipped.

mod holding;
mod isolation;
mod pulling;
mod registry;
mod silence;
mod socket;
mod sparing;
mod times;

use super::{Engine, EngineOptions, SpareNetworks};
use crate::conformance::program::Program;
use crate::conformance::{Ground, conformance, try_fact};
use crate::sandbox::Executor;
use async_trait::async_trait;
use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures::TryStreamExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::sync::OnceCell;

/// Under this name Podman, too, takes it for an image of this host.
const REPOSITORY: &str = "localhost/buildyard-executor-test";
/// The only one that Podman gives to an image that is imported.
const TAG: &str = "latest";

/// Busybox, statically linked, and a name for each applet that the suite uses.
const APPLETS: &str = "sh sleep cat env pwd setsid httpd nc touch ls id kill ip mount chmod dd true";

pub(super) struct EngineGround {
    folder: tempfile::TempDir,
}

pub(super) async fn ground() -> EngineGround {
    image().await;
    // A colon in a path must not read as a mount option.
    EngineGround { folder: tempfile::Builder::new().prefix("trial:ro:").tempdir().unwrap() }
}

pub(super) async fn engine() -> Engine {
    Engine::connect(EngineOptions::default())
        .await
        .unwrap_or_else(|error| panic!("these tests run real containers, and need Docker or Podman here: {error}"))
}

/// An engine that keeps one network.
pub(super) async fn keeping(owner: &str) -> Engine {
    let spare_networks = Some(SpareNetworks { owner: owner.to_owned(), keep: 1, holder: None });
    Engine::connect(EngineOptions { spare_networks, ..Default::default() }).await.unwrap()
}

pub(super) async fn docker() -> Docker {
    engine().await.link.docker
}

/// Makes the tests' image once, if it is not there.
async fn image() {
    static MADE: OnceCell<()> = OnceCell::const_new();
    MADE.get_or_init(|| async {
        let docker = docker().await;
        if docker.inspect_image(&format!("{REPOSITORY}:{TAG}")).await.is_err() {
            let options = CreateImageOptionsBuilder::default().from_src("-").repo(REPOSITORY).tag(TAG).build();
            let body = bollard::body_full(root_file_system().into());
            docker.create_image(Some(options), Some(body), None).try_collect::<Vec<_>>().await.unwrap();
        }
    })
    .await;
}

fn root_file_system() -> Vec<u8> {
    let root = tempfile::tempdir().unwrap();
    let bin = root.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
    let busybox = busybox.expect("these tests make an image of busybox: apt-get install busybox-static");
    std::fs::copy(busybox, bin.join("busybox")).unwrap();
    for applet in APPLETS.split(' ') {
        std::os::unix::fs::symlink("busybox", bin.join(applet)).unwrap();
    }
    let tar = Command::new("tar").arg("-C").arg(root.path()).args(["-c", "."]).output().unwrap();
    assert!(tar.status.success());
    tar.stdout
}

#[async_trait]
impl Ground for EngineGround {
    async fn attach(&self) -> Box<dyn Executor> {
        Box::new(engine().await)
    }

    fn image(&self) -> String {
        format!("{REPOSITORY}:{TAG}")
    }

    fn command(&self, program: &Program) -> Vec<String> {
        program.shell("/bin/sh", &self.folder_inside())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn folder_inside(&self) -> PathBuf {
        "/trial".into()
    }

    fn runs_programs(&self) -> bool {
        true
    }

    fn tells_foreign_exits(&self) -> bool {
        true
    }
}

conformance!(ground());

#[tokio::test]
async fn eight_sandboxes_run_side_by_side() {
    try_fact(&ground().await, async |trial| {
        let runs = (10..18).map(async |code| {
            let id = trial.started(&Program::Exits(code)).await;
            assert_eq!(trial.code(&id).await, Some(i64::from(code)));
            trial.executor.remove(&id).await.unwrap();
        });
        futures::future::join_all(runs).await;
        assert!(trial.found(&*trial.executor).await.is_empty());
    })
    .await;
}
