//! `env.git-credential-helper`: a build fetches from a git server that wants a password, which is found nowhere after it.

use crate::git_server::{PASSWORD, Server, USER};
use crate::host::{fresh, host};
use crate::scene::{Scene, job, lease};
use base64::Engine;
use buildyard_model::{JobSpec, LeaseToken};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Repositories `app` and `lib` behind the password, and an agent's scene that may reach them.
async fn scene() -> (Scene, Server) {
    let mut scene = Scene::new().await;
    scene.config.git.allow_http = true;
    scene.config.git.allow_loopback = true;
    let root = scene.directory.path().join("repositories");
    for name in ["app", "lib"] {
        let path = root.join(name);
        std::fs::create_dir_all(&path).unwrap();
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"] as &[&str],
            &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", name],
        ] {
            let mut git = Command::new("git");
            git.current_dir(&path).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
            assert!(git.status().unwrap().success());
        }
    }
    let server = Server::start(root).await;
    (scene, server)
}

fn private(lease: &LeaseToken, server: &Server, buildspec: &str) -> JobSpec {
    let mut job = serde_json::to_value(job(lease, buildspec)).unwrap();
    job["source"] = serde_json::json!({
        "type": "GIT", "location": server.url("private/app"), "credentials": {"username": USER, "password": PASSWORD},
    });
    serde_json::from_value(job).unwrap()
}

/// The agent's folder in memory.
fn memory(scene: &Scene) -> PathBuf {
    use sha2::{Digest, Sha256};
    let key = hex::encode(Sha256::digest(scene.config.data_dir.as_os_str().as_encoded_bytes()));
    Path::new("/dev/shm").join(format!("buildyard-{}", &key[..16]))
}

fn holding(folder: &Path, needle: &str) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten().map(walkdir::DirEntry::into_path);
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    files.filter(|path| path.is_file() && holds(path)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn git_in_the_build_uses_the_sources_credentials_and_leaves_them_nowhere() {
    let (scene, server) = scene().await;
    let _agent = scene.start_on(host(&scene)).await;
    let lib = server.url("private/lib");
    let spec = format!(
        "version: 0.2
env:
  git-credential-helper: yes
phases:
  build:
    commands:
      - git clone --quiet {lib} lib && git -C lib log -1 --format=%s
      - env | grep -c 'p4ss' || echo not in the environment
      - 'printf \"protocol=http\\nhost=%s\\n\\n\" {address} | git credential fill'
      - 'printf \"protocol=http\\nhost=elsewhere\\n\\n\" | GIT_TERMINAL_PROMPT=0 git credential fill 2>/dev/null || echo not for others'
      - stat -c '%a %U' \"$BUILDYARD_STATE_DIRECTORY/git-credentials.json\"
",
        address = server.address
    );
    let lease = lease(fresh(), 1);
    scene.coordinator.offer(&lease, &private(&lease, &server, &spec));
    let finished = scene.coordinator.finished(&lease).await;
    let log = scene.log(&lease);
    assert_eq!(finished.outcome, "SUCCEEDED", "{log}");
    for line in ["\nlib\n", "\nnot in the environment\n", "\npassword=***\n", "\nnot for others\n", "\n600 root\n"] {
        assert!(log.contains(line), "{line:?} is not in {log}");
    }
    let asked = server.record.requests.lock().unwrap().clone();
    assert!(asked.iter().any(|(_, path, with)| path.starts_with("/private/lib") && *with), "{asked:?}");
    scene.emptied().await;
    // The job itself, which only the agent could read, goes with the trash.
    while std::fs::read_dir(scene.config.data_dir.join("trash")).unwrap().count() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for needle in [PASSWORD, &basic] {
        assert!(!log.contains(needle));
        assert_eq!(holding(scene.directory.path(), needle), [] as [PathBuf; 0]);
    }
    assert!(!memory(&scene).exists(), "nothing is left in memory");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_of_the_build_uses_them_too() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let (scene, server) = scene().await;
    let _agent = scene.start_on(host(&scene)).await;
    let lib = server.url("private/lib");
    let spec = format!(
        "version: 0.2
env:
  git-credential-helper: yes
phases:
  pre_build:
    run-as: nobody
    commands: ['cd $(mktemp -d) && git clone --quiet {lib} lib && git -C lib log -1 --format=%s-%an']
  build:
    commands: ['git ls-remote {lib} main | wc -l']
"
    );
    let lease = lease(fresh(), 1);
    scene.coordinator.offer(&lease, &private(&lease, &server, &spec));
    let finished = scene.coordinator.finished(&lease).await;
    let log = scene.log(&lease);
    assert_eq!(finished.outcome, "SUCCEEDED", "{log}");
    assert!(log.contains("\nlib-t\n") && log.contains("\n1\n"), "{log}");
    scene.emptied().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_helper_git_in_the_build_has_no_credentials() {
    let (scene, server) = scene().await;
    let _agent = scene.start_on(host(&scene)).await;
    let lib = server.url("private/lib");
    let spec =
        format!("version: 0.2\nphases:\n  build:\n    commands: ['GIT_TERMINAL_PROMPT=0 git ls-remote {lib}']\n");
    let lease = lease(fresh(), 1);
    scene.coordinator.offer(&lease, &private(&lease, &server, &spec));
    assert_eq!(scene.coordinator.finished(&lease).await.outcome, "FAILED", "{}", scene.log(&lease));
    scene.emptied().await;
}
