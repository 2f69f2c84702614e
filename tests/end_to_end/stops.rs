//! Stopping builds: in each phase, twice, with the agent dead.

use buildyard_model::{BuildStatus, Phase};
use harness::{AgentOptions, ExecutorKind, Fleet, busybox_image, leftovers, wait_for};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
/// Containers are gone in this time (issue, acceptance 3).
const GONE: Duration = Duration::from_secs(15);

fn sleeping_in(phase: &str) -> String {
    // It ignores SIGTERM and has a child that does too.
    format!("version: 0.2\nphases:\n  {phase}:\n    commands: [\"trap '' TERM; sleep 600 & sleep 600\"]\n")
}

#[test]
fn a_stop_ends_a_container_build_in_each_phase() {
    let image = busybox_image();
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker));
    for phase in [Phase::Install, Phase::PreBuild, Phase::Build, Phase::PostBuild] {
        let build = fleet.submit(&sleeping_in(&phase.name().to_lowercase()), &["--image", &image]);
        wait_for(phase.name(), PATIENCE, || (fleet.show(&build).current_phase == phase).then_some(()));
        let asked = Instant::now();
        let answer = fleet.run(&["stop", &build.id]);
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        assert!(asked.elapsed() < Duration::from_secs(1), "the answer took {:?}", asked.elapsed());
        wait_for("an empty engine", GONE, || leftovers(fleet.agent_name()).is_empty().then_some(()));
        let view = fleet.finish(&build, GONE);
        assert_eq!(view.build_status, BuildStatus::Stopped);
        let last: Vec<Phase> = view.phases.iter().rev().take(2).map(|record| record.phase_type).collect();
        assert_eq!(last, [Phase::Completed, phase], "the phases behind are skipped");
        assert!(fleet.run(&["stop", &build.id]).status.success(), "stopping again is no error");
    }
}

#[test]
fn a_stop_with_the_agent_dead_is_final_and_clears_up_when_it_returns() {
    let image = busybox_image();
    let mut fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker));
    let build = fleet.submit(&sleeping_in("build"), &["--image", &image]);
    wait_for("BUILD", PATIENCE, || (fleet.show(&build).current_phase == Phase::Build).then_some(()));
    fleet.kill_agent();
    wait_for("the agent's absence", PATIENCE, || (fleet.document(&["agents"])["status"] == "OFFLINE").then_some(()));
    let asked = Instant::now();
    assert!(fleet.run(&["stop", &build.id]).status.success());
    assert!(asked.elapsed() < Duration::from_secs(1), "the answer took {:?}", asked.elapsed());
    assert_eq!(fleet.show(&build).build_status, BuildStatus::Stopped);
    fleet.restart_agent();
    wait_for("an empty engine", GONE, || leftovers(fleet.agent_name()).is_empty().then_some(()));
    assert_eq!(fleet.show(&build).build_status, BuildStatus::Stopped);
}

#[test]
fn a_queued_build_stops_at_once() {
    let mut fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    fleet.kill_agent();
    wait_for("the agent's absence", PATIENCE, || (fleet.document(&["agents"])["status"] == "OFFLINE").then_some(()));
    let build = fleet.submit("version: 0.2\nphases:\n  build:\n    commands: ['true']\n", &[]);
    assert!(fleet.run(&["stop", &build.id]).status.success());
    assert_eq!(fleet.show(&build).build_status, BuildStatus::Stopped);
}
