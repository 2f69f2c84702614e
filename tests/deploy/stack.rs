//! What the stacks of deploy/compose and deploy/swarm have in common: the images, a copy with ports of the test's own, a
//! build on the started fleet, and agents that come and go.

use crate::{repository, said};
use harness::{binary, busybox_image, wait_for};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(120);
const BUILDSPEC: &str = "version: 0.2\nphases:\n  build:\n    commands: ['echo built by $(hostname) | cat']\n";

/// A copy of one of the folders, whose ports are free here.
#[derive(Debug)]
pub(crate) struct Stack {
    folder: TempDir,
    pub(crate) http: u16,
    pub(crate) grpc: u16,
}

impl Stack {
    /// Makes the images, and copies the folder.
    pub(crate) fn of(folder: &str) -> Self {
        for image in ["coordinator", "agent"] {
            let recipe = repository(&format!("deploy/images/{image}/build.sh"));
            said(Command::new("sh").arg(recipe).arg(binary())).unwrap();
        }
        let (http, grpc) = (free_port(), free_port());
        let copy = TempDir::new().unwrap();
        for entry in std::fs::read_dir(repository(folder)).unwrap() {
            let file = entry.unwrap().path();
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text
                .replace("127.0.0.1:8080", &format!("127.0.0.1:{http}"))
                .replace("127.0.0.1:8081", &format!("127.0.0.1:{grpc}"))
                .replace("published: 8080", &format!("published: {http}"))
                .replace("published: 8081", &format!("published: {grpc}"))
                // Agents are to go while the test looks.
                .replace("idle = \"2m\"", "idle = \"2s\"");
            std::fs::write(copy.path().join(file.file_name().unwrap()), text).unwrap();
        }
        Self { folder: copy, http, grpc }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Builds something on the fleet whose coordinator is this container; says what agents there were meanwhile.
    pub(crate) fn build(&self, container: &str) {
        let credentials = self.path().join("credentials.env");
        let copy = || {
            let from = format!("{container}:/var/lib/buildyard/coordinator/credentials.env");
            said(Command::new("docker").args(["cp", &from]).arg(&credentials)).ok()
        };
        wait_for("the coordinator's credentials", PATIENCE, copy);
        let source = self.path().join("source");
        std::fs::create_dir(&source).unwrap();
        std::fs::write(source.join("buildspec.yml"), BUILDSPEC).unwrap();
        let log = self.buildyard(&credentials, &["start", "--source", ".", "--image", &busybox_image(), "--follow"]);
        assert!(log.contains("\nbuilt by "), "{log}");
        let agents = || self.buildyard(&credentials, &["agents", "--output", "json"]);
        assert!(agents().contains("ONLINE"), "{}", agents());
        // It is forgotten when its instance has ended: then nothing of it is left.
        wait_for("the agent to go", PATIENCE, || agents().trim().is_empty().then_some(()));
    }

    fn buildyard(&self, credentials: &Path, arguments: &[&str]) -> String {
        let endpoint = format!("http://127.0.0.1:{}", self.grpc);
        let script = format!(". '{}'; export BUILDYARD_ENDPOINT={endpoint}; exec \"$0\" \"$@\"", credentials.display());
        let mut command = Command::new("sh");
        command.args(["-euc", &script]).arg(binary()).args(arguments).current_dir(self.source());
        said(&mut command).unwrap()
    }

    fn source(&self) -> PathBuf {
        self.path().join("source")
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
