//! Artifacts: whole, exact, and never seen in part.

use buildyard_model::Phase;
use harness::{AgentOptions, ExecutorKind, Fleet, wait_for};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(240);
/// The agent's memory while it moves any number of bytes (issue, acceptance 5).
const AGENT_MEMORY_KIB: u64 = 128 * 1024;

fn sum(path: &Path) -> String {
    let out = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8_lossy(&out.stdout).split_whitespace().next().unwrap_or_default().to_owned()
}

#[test]
fn files_arrive_with_their_bytes_names_and_sums() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let buildspec = "version: 0.2
phases:
  build:
    commands:
      - mkdir -p out/deep/er && echo one > 'out/a file.txt' && echo two > out/deep/er/b && touch out/empty && echo no > out/skip.tmp
artifacts:
  files: ['**/*']
  base-directory: out
  exclude-paths: ['*.tmp']
";
    let build = fleet.submit(buildspec, &["--project", "files"]);
    let view = fleet.succeed(&build, PATIENCE);
    assert_eq!(view.artifacts[0].files, 3);
    let into = fleet.directory().join("downloaded");
    let out = fleet.run(&["artifacts", &build.id, "--download", into.to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(std::fs::read_to_string(into.join("a file.txt")).unwrap(), "one\n");
    assert_eq!(std::fs::read_to_string(into.join("deep/er/b")).unwrap(), "two\n");
    assert_eq!(std::fs::read(into.join("empty")).unwrap(), b"");
    assert!(!into.join("skip.tmp").exists());
}

#[test]
fn a_zip_has_the_sums_that_the_build_names() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let buildspec = "version: 0.2
phases: {build: {commands: ['head -c 20000000 /dev/urandom > random.bin', 'sha256sum random.bin']}}
artifacts: {files: [random.bin]}
";
    let build =
        fleet.submit(buildspec, &["--artifacts", "artifacts/zips", "--artifacts-name", "x.zip", "--packaging", "zip"]);
    let view = fleet.succeed(&build, PATIENCE);
    let record = &view.artifacts[0];
    assert_eq!(record.key, "zips/x.zip");
    let into = fleet.directory().join("zip");
    assert!(fleet.run(&["artifacts", &build.id, "--download", into.to_str().unwrap()]).status.success());
    let bytes = std::fs::read(into.join("x.zip")).unwrap();
    assert_eq!(hex::encode(Sha256::digest(&bytes)), record.sha256sum);
}

#[test]
fn many_and_large_files_keep_the_agent_small() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let buildspec = "version: 0.2
phases:
  build:
    commands:
      - mkdir out && cd out && head -c 400000000 /dev/urandom > large.bin
      - 'i=0; while [ $i -lt 2000 ]; do echo $i > small-$i; i=$((i+1)); done'
      - sha256sum large.bin
artifacts: {files: ['**/*'], base-directory: out}
";
    let build = fleet.submit(buildspec, &[]);
    let view = fleet.succeed(&build, PATIENCE);
    assert_eq!(view.artifacts[0].files, 2001);
    let peak = fleet.agents[0].peak_memory_kib();
    assert!(peak < AGENT_MEMORY_KIB, "the agent used {peak} KiB");
    let into = fleet.directory().join("large");
    assert!(fleet.run(&["artifacts", &build.id, "--download", into.to_str().unwrap()]).status.success());
    let log = String::from_utf8(fleet.log(&build)).unwrap();
    assert!(log.contains(&sum(&into.join("large.bin"))), "the sum differs");
    for at in [0, 999, 1999] {
        assert_eq!(std::fs::read_to_string(into.join(format!("small-{at}"))).unwrap(), format!("{at}\n"));
    }
}

#[test]
fn nothing_is_seen_of_an_upload_that_was_killed() {
    let mut fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let buildspec = "version: 0.2
phases: {build: {commands: ['mkdir out', 'head -c 500000000 /dev/zero > out/large.bin', 'echo small > out/small']}}
artifacts: {files: ['**/*'], base-directory: out}
";
    let build = fleet.submit(buildspec, &["--project", "killed"]);
    wait_for("the upload", PATIENCE, || (fleet.show(&build).current_phase == Phase::UploadArtifacts).then_some(()));
    fleet.kill_agent();
    let objects = listed(&fleet, "artifacts");
    assert!(!objects.contains("killed"), "something is visible: {objects}");
    fleet.restart_agent();
    fleet.succeed(&build, PATIENCE);
    let objects = listed(&fleet, "artifacts");
    assert!(objects.contains("large.bin") && objects.contains("small"), "{objects}");
}

/// The bucket's keys, by the `aws` CLI.
fn listed(fleet: &Fleet, bucket: &str) -> String {
    let aws = std::env::var("BUILDYARD_TEST_AWS").unwrap_or_else(|_| "aws".to_owned());
    let out = Command::new(aws)
        .args(["s3", "ls", "--recursive", &format!("s3://{bucket}/")])
        .envs(fleet.environment())
        .output();
    String::from_utf8_lossy(&out.expect("the aws CLI runs").stdout).into_owned()
}
