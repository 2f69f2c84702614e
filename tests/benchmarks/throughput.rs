//! Many one-command builds on the host executor with 4 slots.

use crate::client::Client;
use crate::report::Report;
use harness::{AgentOptions, ExecutorKind, Fleet};
use std::process::Command;
use std::time::Instant;

const BUILDS: usize = 1000;

pub(crate) fn run(report: &mut Report) {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host).slots(4));
    let mut client = Client::connect(&fleet);
    let started = Instant::now();
    let buildspec = "version: 0.2\nphases: {build: {commands: ['true']}}\n";
    let builds: Vec<_> = (0..BUILDS).map(|_| client.submit("throughput", buildspec, "none")).collect();
    for build in &builds {
        client.finish(build);
    }
    let rate = BUILDS as f64 / started.elapsed().as_secs_f64();
    let raw = Instant::now();
    for _ in 0..BUILDS {
        assert!(Command::new("sh").args(["-c", "true"]).status().expect("a shell starts").success());
    }
    let raw = BUILDS as f64 / raw.elapsed().as_secs_f64();
    report.add(
        "1,000 one-command builds, host executor, 4 slots",
        format!("{rate:.0} builds/s"),
        format!("`sh -c true`, one after another: {raw:.0}/s"),
        "≥ 50 builds/s",
        rate >= 50.0,
    );
}
