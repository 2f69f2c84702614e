//! Following a build: the log whole and once, the exit code, Ctrl-C.

use crate::door::{Door, Script};
use crate::views::{self, ID};
use crate::{buildyard, stderr, stdout};
use buildyard_model::{BuildStatus, Phase, PhaseStatus};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::Stdio;
use tokio::process::{Child, Command};

const SOURCE: [&str; 5] = ["start", "--source", "none", "--buildspec", "version: 0.2\n"];

fn succeeded() -> Vec<buildyard_model::BuildView> {
    vec![
        views::running(Phase::Queued),
        views::running(Phase::Build),
        views::finished(BuildStatus::Succeeded, PhaseStatus::Succeeded),
    ]
}

fn started(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
}

#[tokio::test]
async fn a_followed_build_gives_its_log_its_phases_and_its_result() {
    let log = b"line one\n\x1b[31mred\x1b[0m \xff\n".to_vec();
    let door = Door::open(Script { views: succeeded(), log: log.clone(), ..Default::default() }).await;
    let output = buildyard(&door.endpoint).args(SOURCE).args(["--follow", "--project", "app"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(output.stdout, log, "what is not a terminal gets the log's bytes");
    let said = stderr(&output);
    for part in [
        &format!("build {ID}\n"),
        "phase BUILD SUCCEEDED in 1.0 s\n",
        "SUCCEEDED in 7.0 s\n",
        "log: buildyard logs app:",
    ] {
        assert!(said.contains(part), "{part:?} is missing in\n{said}");
    }
    let asked = door.asked();
    assert_eq!(asked.submitted[0].0, "app");
}

#[tokio::test]
async fn a_failed_build_is_exit_1_and_a_fault_exit_3() {
    for (status, last, code) in [
        (BuildStatus::Failed, PhaseStatus::Failed, 1),
        (BuildStatus::TimedOut, PhaseStatus::TimedOut, 1),
        (BuildStatus::Fault, PhaseStatus::Fault, 3),
    ] {
        let door = Door::open(Script { views: vec![views::finished(status, last)], ..Default::default() }).await;
        let output = buildyard(&door.endpoint).args(SOURCE).arg("-f").output().await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{status}: {}", stderr(&output));
    }
}

#[tokio::test]
async fn a_lost_connection_neither_repeats_nor_loses_a_byte() {
    let log: Vec<u8> = (0..200).flat_map(|number| format!("{number}\n").into_bytes()).collect();
    let script = Script { views: succeeded(), log: log.clone(), log_cuts: vec![100, 300], ..Default::default() };
    let door = Door::open(script).await;
    let output = buildyard(&door.endpoint).args(["logs", ID, "--follow"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(output.stdout, log);
    assert_eq!(door.asked().log_offsets, [0, 100, 300]);
    assert!(stderr(&output).contains("the coordinator restarts; trying again"), "{}", stderr(&output));
}

#[tokio::test]
async fn json_follows_as_one_object_a_line() {
    let door = Door::open(Script { views: succeeded(), log: b"hello\nworld\n".to_vec(), ..Default::default() }).await;
    let output = buildyard(&door.endpoint).args(SOURCE).args(["--follow", "--output", "json"]).output().await.unwrap();
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text: String = lines.iter().filter_map(|line| line["log"]["text"].as_str()).collect();
    assert_eq!(text, "hello\nworld\n");
    let statuses: Vec<_> = lines.iter().filter_map(|line| line["build"]["buildStatus"].as_str()).collect();
    assert_eq!(statuses, ["IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED"]);
}

#[tokio::test]
async fn ctrl_c_leaves_a_build_of_the_fleet_running() {
    let script = Script { views: vec![views::running(Phase::Build)], until_stopped: true, ..Default::default() };
    let door = Door::open(script).await;
    let child = started(buildyard(&door.endpoint).args(SOURCE).arg("--follow"));
    door.has_sent(1).await;
    interrupt(&child);
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert_eq!(door.asked().stops, 0);
    assert!(stderr(&output).contains(&format!("`buildyard stop {ID}` to stop it")), "{}", stderr(&output));
}
