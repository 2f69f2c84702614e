//! Submit → the first command runs, on the host executor.

use crate::client::Client;
use crate::report::{Report, median, milliseconds};
use harness::{AgentOptions, ExecutorKind, Fleet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ROUNDS: usize = 31;

pub(crate) fn run(report: &mut Report) {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let mut client = Client::connect(&fleet);
    let mark = fleet.directory().join("mark");
    let buildspec = format!("version: 0.2\nphases: {{build: {{commands: ['date +%s%N > {}']}}}}\n", mark.display());
    let times = (0..ROUNDS).map(|_| {
        let submitted = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let build = client.submit("latency", &buildspec, "none");
        client.finish(&build);
        let ran = std::fs::read_to_string(&mark).expect("the command ran");
        Duration::from_nanos(ran.trim().parse().expect("nanoseconds")).saturating_sub(submitted)
    });
    let measured = median(times.collect());
    let shell = median((0..ROUNDS).map(|_| raw_shell(&mark)).collect());
    report.add(
        "submit → first command runs, host executor",
        milliseconds(measured),
        format!("`sh -c date`: {}", milliseconds(shell)),
        "≤ 15 ms",
        measured <= Duration::from_millis(15),
    );
}

/// The same command, started by hand.
fn raw_shell(mark: &std::path::Path) -> Duration {
    let started = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let script = format!("date +%s%N > {}", mark.display());
    let status = std::process::Command::new("sh").arg("-c").arg(script).status().expect("a shell starts");
    assert!(status.success());
    let ran = std::fs::read_to_string(mark).expect("the command ran");
    Duration::from_nanos(ran.trim().parse().expect("nanoseconds")).saturating_sub(started)
}
