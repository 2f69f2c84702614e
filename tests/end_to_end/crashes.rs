//! `kill -9` of agent and coordinator while builds run.

use harness::{AgentOptions, ExecutorKind, Fleet, Started, busybox_image, wait_for};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(180);
/// How long each is dead (issue, acceptance 2).
const AGENT_AWAY: Duration = Duration::from_secs(3);
const COORDINATOR_AWAY: Duration = Duration::from_secs(10);

/// Prints 1..=count slowly enough that the crashes come in the middle.
fn counting(count: u32) -> String {
    format!(
        "version: 0.2\nphases:\n  build:\n    commands:\n      - |\n        i=1\n        while [ $i -le {count} ]; do echo $i; i=$((i+1)); done\n"
    )
}

fn expect_numbers(fleet: &Fleet, build: &Started, count: u32) {
    let log = String::from_utf8(fleet.log(build)).unwrap();
    let printed: Vec<u32> = log.lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(printed.len(), count as usize, "lines were lost or doubled");
    assert!(printed.iter().enumerate().all(|(at, number)| *number == at as u32 + 1), "lines are out of order");
    assert_eq!(log.matches("Entering phase BUILD").count(), 1, "the phase ran more than once");
}

fn wait_for_output(fleet: &Fleet, build: &Started) {
    wait_for("the first lines", PATIENCE, || {
        let log = fleet.log(build);
        String::from_utf8_lossy(&log).lines().any(|line| line == "1000").then_some(())
    });
}

fn survives(executor: ExecutorKind, image: &str) {
    const COUNT: u32 = 2_000_000;
    let mut fleet = Fleet::start(AgentOptions::new(executor));
    let build = fleet.submit(&counting(COUNT), &["--image", image]);
    wait_for_output(&fleet, &build);
    fleet.kill_agent();
    std::thread::sleep(AGENT_AWAY);
    fleet.restart_agent();
    fleet.wait_online(1);
    fleet.kill_coordinator();
    std::thread::sleep(COORDINATOR_AWAY);
    fleet.restart_coordinator();
    fleet.succeed(&build, PATIENCE);
    expect_numbers(&fleet, &build, COUNT);
}

#[test]
fn a_host_build_survives_agent_and_coordinator() {
    survives(ExecutorKind::Host, "none");
}

#[test]
fn a_container_build_survives_agent_and_coordinator() {
    survives(ExecutorKind::Docker, &busybox_image());
}

#[test]
fn an_accepted_build_outlives_a_killed_coordinator() {
    let mut fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    fleet.kill_agent();
    let build = fleet.submit("version: 0.2\nphases:\n  build:\n    commands: ['true']\n", &[]);
    fleet.kill_coordinator();
    fleet.restart_coordinator();
    fleet.restart_agent();
    fleet.succeed(&build, PATIENCE);
}
