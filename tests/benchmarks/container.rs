//! A one-command build in a container, against the same container made by hand through the engine's API.

use crate::client::Client;
use crate::raw_docker::RawDocker;
use crate::report::{Report, median, milliseconds};
use harness::{AgentOptions, ExecutorKind, Fleet, busybox_image};
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;
const BUILDSPEC: &str = "version: 0.2\nphases: {build: {commands: ['true']}}\n";

pub(crate) fn run(report: &mut Report) {
    let image = busybox_image();
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker));
    let mut client = Client::connect(&fleet);
    let docker = RawDocker::new();
    let mut ours = Vec::new();
    let mut raw = Vec::new();
    for round in 0..ROUNDS {
        // Alternating, so that noise hits both; the first of each warms caches.
        let started = Instant::now();
        let build = client.submit("container", BUILDSPEC, &image);
        client.finish(&build);
        let took = started.elapsed();
        wait_until_clear(&fleet);
        let by_hand = docker.run_once(&image);
        if round > 0 {
            ours.push(took);
            raw.push(by_hand);
        }
    }
    let (ours, raw) = (median(ours), median(raw));
    let ratio = ours.as_secs_f64() / raw.as_secs_f64();
    report.add(
        "one-command container build, submit → finished",
        format!("{} = {ratio:.2} ×", milliseconds(ours)),
        format!("create+start+wait+rm: {}", milliseconds(raw)),
        "≤ 1.25 ×",
        ratio <= 1.25,
    );
}

/// The build before must not take time from the baseline.
fn wait_until_clear(fleet: &Fleet) {
    harness::wait_for("an empty engine", Duration::from_secs(20), || {
        harness::leftovers(fleet.agent_name()).is_empty().then_some(())
    });
}
