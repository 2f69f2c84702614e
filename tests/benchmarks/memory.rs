//! Resident memory of an idle agent and an idle coordinator.

use crate::report::Report;
use harness::{AgentOptions, ExecutorKind, Fleet, Process};
use std::time::Duration;

pub(crate) fn run(report: &mut Report) {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker));
    let build =
        fleet.submit("version: 0.2\nphases: {build: {commands: ['true']}}\n", &["--image", &harness::busybox_image()]);
    fleet.succeed(&build, Duration::from_secs(60));
    let mib = |process: &Process| process.memory_kib() as f64 / 1024.0;
    let (agent, coordinator) = (mib(&fleet.agents[0]), mib(&fleet.coordinator));
    report.add("agent's memory while idle", format!("{agent:.1} MiB"), "–".to_owned(), "≤ 30 MiB", agent <= 30.0);
    report.add(
        "coordinator's memory while idle",
        format!("{coordinator:.1} MiB"),
        "–".to_owned(),
        "≤ 50 MiB",
        coordinator <= 50.0,
    );
}
