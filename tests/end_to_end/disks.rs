//! What a disk that fails does to a coordinator.

use harness::{Process, binary, wait_for};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// In the unit of `ulimit -f`, 512 bytes or 1 KiB: the new database fits, and some builds.
const LARGEST_FILE: &str = "300";

fn submit(directory: &Path) -> Output {
    let text = std::fs::read_to_string(directory.join("data/credentials.env")).unwrap();
    let variables = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    let variables = variables.map(|(name, value)| (name, value.trim_matches('\'')));
    let arguments = ["start", "--source", "none", "--image", "x", "--buildspec", "version: 0.2\nphases: {}\n"];
    Command::new(binary()).args(arguments).envs(variables).output().unwrap()
}

/// A file that may not grow any more fails to be written, which SQLite takes for an I/O error (reliability F12).
#[test]
fn a_coordinator_whose_records_cannot_be_written_ends_with_code_3_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("coordinator.toml");
    let data = directory.path().join("data");
    let text = format!("data_dir = {data:?}\n[listen]\nhttp = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\n");
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new("sh");
    let limited = format!("trap '' XFSZ; ulimit -f {LARGEST_FILE}; exec \"$0\" coordinator --config \"$1\"");
    command.arg("-c").arg(limited).arg(binary()).arg(&config);
    let mut coordinator = Process::start(&mut command, &directory.path().join("coordinator.log"));
    wait_for("the coordinator", PATIENCE, || data.join("credentials.env").exists().then_some(()));
    let refused =
        wait_for("a refusal", PATIENCE, || Some(submit(directory.path())).filter(|out| !out.status.success()));
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stderr));
    let code = wait_for("the coordinator's end", PATIENCE, || coordinator.ended());
    assert_eq!(code, Some(3), "{}", coordinator.text());
    assert!(coordinator.text().contains("the records take no more writes"), "{}", coordinator.text());
}
