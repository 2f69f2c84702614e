//! Builds in containers that waited for them: how soon the first command runs, and how many an agent gets through.

use crate::client::Client;
use crate::raw_docker::RawDocker;
use crate::report::{Report, median, milliseconds};
use harness::{AgentOptions, ExecutorKind, Fleet, busybox_image};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const ROUNDS: usize = 31;
const BUILDS: usize = 200;
const SLOTS: u32 = 4;
const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn run(report: &mut Report) {
    let image = busybox_image();
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Docker).slots(SLOTS).warm(SLOTS));
    latency(&fleet, &image, report);
    rate(&fleet, &image, report);
}

/// Submit → the first command, each time with a container waiting.
fn latency(fleet: &Fleet, image: &str, report: &mut Report) {
    let mut client = Client::connect(fleet);
    // The second command's line is written when the first has run.
    let buildspec = "version: 0.2\nphases: {build: {commands: ['true', 'true second']}}\n";
    let round = |client: &mut Client| {
        let submitted = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let build = client.submit("warm", buildspec, image);
        client.finish(&build);
        let log = String::from_utf8_lossy(&fleet.log(&harness::Started { id: build.id.to_string() })).into_owned();
        let ran = log.lines().find(|line| line.ends_with("Running command true second")).expect("both commands ran");
        time_of_day(ran).saturating_sub(Duration::from_nanos((submitted.as_nanos() % DAY.as_nanos()) as u64))
    };
    let cold = round(&mut client);
    let times = (0..ROUNDS).map(|_| {
        wait_until_warm(fleet);
        round(&mut client)
    });
    let measured = median(times.collect());
    report.add(
        "submit → first command has run, warm container",
        milliseconds(measured),
        format!("the first, cold: {}", milliseconds(cold)),
        "≤ 30 ms",
        measured <= Duration::from_millis(30),
    );
}

/// `[Container] 2026/11/22 13:14:15.123456 …`, in UTC.
fn time_of_day(line: &str) -> Duration {
    let time = line.split(' ').nth(2).expect("a time");
    let parts: Vec<f64> = time.split(':').map(|part| part.parse().expect("a number")).collect();
    Duration::from_secs_f64(parts[0] * 3600.0 + parts[1] * 60.0 + parts[2])
}

/// Many builds against the engine's API by hand, half of it before and half after, so that noise hits both.
fn rate(fleet: &Fleet, image: &str, report: &mut Report) {
    let mut client = Client::connect(fleet);
    let by_hand = |shared| RawDocker::new().run_many(image, BUILDS / 2, SLOTS as usize, shared);
    let (apart_before, shared_before) = (by_hand(false), by_hand(true));
    let started = Instant::now();
    let buildspec = "version: 0.2\nphases: {build: {commands: ['true']}}\n";
    let builds: Vec<_> = (0..BUILDS).map(|_| client.submit("warm", buildspec, image)).collect();
    for build in &builds {
        client.finish(build);
    }
    let ours = BUILDS as f64 / started.elapsed().as_secs_f64();
    let rate = |halves: Duration| BUILDS as f64 / halves.as_secs_f64();
    let (shared, apart) = (rate(shared_before + by_hand(true)), rate(apart_before + by_hand(false)));
    report.add(
        "200 one-command container builds, 4 slots",
        format!("{ours:.2} builds/s = {:.2} ×", ours / shared),
        format!(
            "create+start+wait+rm, 4 at once, on the shared bridge: {shared:.2}/s; each on a network of its own: \
             {apart:.2}/s, of which ours is {:.2} ×",
            ours / apart
        ),
        "≥ 0.9 ×",
        ours / shared >= 0.9,
    );
}

/// As many wait as there may, so that none is being made meanwhile.
fn wait_until_warm(fleet: &Fleet) {
    let filter = format!("label=buildyard.agent={}", fleet.agent_name());
    harness::wait_for("warm containers", Duration::from_secs(60), || {
        let list = Command::new("docker").args(["ps", "-q", "--filter", &filter]).output().expect("docker runs");
        (String::from_utf8_lossy(&list.stdout).lines().count() >= 1).then_some(())
    });
    // Nothing says that the agent is done with making others and removing the last one.
    std::thread::sleep(Duration::from_secs(3));
}
