//! The owner's own S3 in place of ours: SeaweedFS, which checks signatures.

use harness::{AgentOptions, ExecutorKind, Fleet, Process, wait_for};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const ACCESS_KEY: &str = "foreign-key";
const SECRET_KEY: &str = "foreign-secret";

/// Ports that nobody listens on, each with the one 10,000 above, where SeaweedFS speaks gRPC.
fn free_ports(count: usize) -> Vec<u16> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let start = 20_000 + u16::try_from(std::process::id() % 20_000).unwrap();
    (start..).filter(|port| is_free(*port) && is_free(*port + 10_000)).take(count).collect()
}

fn start_seaweedfs(weed: &str, directory: &Path) -> (Process, String) {
    let identities = directory.join("s3.json");
    let config = format!(
        r#"{{"identities":[{{"name":"fleet","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],"actions":["Admin","Read","Write","List"]}}]}}"#
    );
    std::fs::write(&identities, config).unwrap();
    let data = directory.join("seaweedfs");
    std::fs::create_dir(&data).unwrap();
    let ports = free_ports(4);
    let mut command = Command::new(weed);
    command.args([
        "server",
        "-s3",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=20",
    ]);
    command.arg(format!("-dir={}", data.display())).arg(format!("-s3.config={}", identities.display()));
    for (flag, port) in ["master.port", "volume.port", "filer.port", "s3.port"].iter().zip(&ports) {
        command.arg(format!("-{flag}={port}"));
    }
    let process = Process::start(&mut command, &directory.join("seaweedfs.log"));
    let s3 = ports[3];
    wait_for("SeaweedFS", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", s3)).ok());
    (process, format!("http://127.0.0.1:{s3}"))
}

#[test]
fn logs_and_artifacts_go_to_the_bucket_of_the_configuration() {
    let weed = std::env::var("BUILDYARD_TEST_SEAWEEDFS").unwrap_or_else(|_| "weed".to_owned());
    let directory = tempfile::tempdir().unwrap();
    let (_seaweedfs, endpoint) = start_seaweedfs(&weed, directory.path());
    let storage = format!(
        "[storage]\nendpoint = \"{endpoint}\"\nregion = \"us-east-1\"\naccess_key_id = \"{ACCESS_KEY}\"\n\
         secret_access_key = \"{SECRET_KEY}\"\nartifact_bucket = \"our-artifacts\"\nsystem_bucket = \"our-system\"\n"
    );
    let fleet = Fleet::start_with(&storage, vec![AgentOptions::new(ExecutorKind::Host)]);
    let buildspec = "version: 0.2
phases: {build: {commands: ['mkdir -p out/deep', 'head -c 30000000 /dev/urandom > out/large.bin', 'echo two > out/deep/b', 'sha256sum out/large.bin']}}
artifacts: {files: ['**/*'], base-directory: out}
";
    let build = fleet.submit(buildspec, &["--project", "foreign"]);
    let view = fleet.succeed(&build, PATIENCE);
    assert_eq!((view.artifacts[0].bucket.as_str(), view.artifacts[0].files), ("our-artifacts", 2));
    let into = fleet.directory().join("downloaded");
    let out = fleet.run(&["artifacts", &build.id, "--download", into.to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(std::fs::read_to_string(into.join("deep/b")).unwrap(), "two\n");
    let sum = Command::new("sha256sum").arg(into.join("large.bin")).output().unwrap();
    let sum = String::from_utf8_lossy(&sum.stdout).split(' ').next().unwrap_or_default().to_owned();
    assert!(String::from_utf8(fleet.log(&build)).unwrap().contains(&sum), "the sum differs");
    assert!(!fleet.directory().join("coordinator/s3").exists(), "bytes went to the data directory");
}
