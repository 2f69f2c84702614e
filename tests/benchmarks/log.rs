//! A container that prints 500 MiB of 100-byte lines: print → stored and acknowledged, against `docker run` into a pipe.

use crate::client::Client;
use crate::report::{Report, median};
use harness::{AgentOptions, ExecutorKind, Fleet, busybox_image};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;
const BYTES: u64 = 500 * 1024 * 1024;

fn print_command() -> String {
    // 99 characters and a line break.
    format!("yes {} | head -c {BYTES}", "0123456789".repeat(10).get(..99).expect("99 characters"))
}

pub(crate) fn run(report: &mut Report) {
    let image = busybox_image();
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker));
    let mut client = Client::connect(&fleet);
    let buildspec = format!("version: 0.2\nphases: {{build: {{commands: ['{}']}}}}\n", print_command());
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let build = client.submit("log", &buildspec, &image);
        let view = client.finish(&build);
        ours.push(started.elapsed());
        assert!(view.log_bytes.is_some_and(|length| length > BYTES), "the log is not whole: {view:#?}");
        raw.push(docker_run(&image));
    }
    let rate = |took: Duration| BYTES as f64 / (1024.0 * 1024.0) / took.as_secs_f64();
    let (ours, raw) = (rate(median(ours)), rate(median(raw)));
    report.add(
        "log of 500 MiB, printed → acknowledged by storage",
        format!("{ours:.0} MiB/s = {:.1} ×", ours / raw),
        format!("`docker run` into a pipe: {raw:.0} MiB/s"),
        "≥ 2 ×",
        ours >= 2.0 * raw,
    );
}

fn docker_run(image: &str) -> Duration {
    let started = Instant::now();
    let mut child = Command::new("docker")
        .args(["run", "--rm", image, "sh", "-c", &print_command()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("docker runs");
    let mut output = child.stdout.take().expect("a pipe");
    let moved = std::io::copy(&mut output, &mut std::io::sink()).expect("the output is read");
    assert_eq!(moved, BYTES);
    child.wait().expect("docker ends");
    started.elapsed()
}
