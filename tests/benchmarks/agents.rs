//! One coordinator with 10,000 simulated agents: what a connected agent and a heartbeat cost, how many builds a second
//! it gives out, and how soon after it was submitted a build is offered.
//!
//! The agents are real on the wire: each has a connection and a session of its own, is enrolled by the join token, says
//! Hello, beats every 5 s, accepts what it is offered and reports it as succeeded at once, and each report is fsynced
//! before it is acknowledged. They have no builds to run, and live in this process on one thread. `AGENTS=1000` makes
//! fewer of them.

mod agent;
mod herd;
mod wire;

use crate::disk::fsyncs;
use crate::report::{Report, median, milliseconds, percentile};
use harness::Fleet;
use herd::Herd;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const AGENTS: usize = 10_000;
/// The smaller fleet that the larger is compared with, and in which latency is measured.
const FEW: usize = 1000;
const BACKLOG: usize = 20_000;
const ALONE: usize = 300;
const BEATING: Duration = Duration::from_secs(20);
/// Builds at either end of a backlog that do not count: it begins and ends with idle agents.
const ENDS: usize = 10;

pub(crate) fn run(report: &mut Report) {
    let agents = std::env::var("AGENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(AGENTS);
    allow_files(agents as u64);
    let fleet = Fleet::start_with("", Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(measure(report, &fleet, agents.max(2 * FEW)));
}

/// A connection is a file at either end.
fn allow_files(agents: u64) {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("there is a limit");
    let wanted = agents + 1000;
    if soft < wanted {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).expect("so many files are allowed");
    }
}

async fn measure(report: &mut Report, fleet: &Fleet, agents: usize) {
    let enrolling = Instant::now();
    let mut herd = Herd::enrol(fleet, agents).await;
    eprintln!("  {agents} agents enrolled in {:.1} s", enrolling.elapsed().as_secs_f64());
    memory(report, fleet, &mut herd, agents).await;
    heartbeats(report, fleet, &mut herd).await;
    dispatches(report, fleet, &mut herd, "dispatches of a backlog of 20,000, all agents").await;
    herd.dismiss(FEW).await;
    // Until the coordinator has seen it and written when it saw them last.
    tokio::time::sleep(Duration::from_secs(5)).await;
    dispatches(report, fleet, &mut herd, "dispatches of a backlog of 20,000, 1,000 agents").await;
    latency(report, fleet, &mut herd).await;
}

async fn memory(report: &mut Report, fleet: &Fleet, herd: &mut Herd, agents: usize) {
    herd.connect(FEW).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let few = fleet.coordinator.memory_kib();
    let took = herd.connect(agents).await;
    eprintln!("  {} agents connected in {:.1} s", agents - FEW, took.as_secs_f64());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let all = fleet.coordinator.memory_kib();
    let each = all.saturating_sub(few) as f64 / (agents - FEW) as f64;
    report.add(
        "coordinator's memory for each connected agent",
        format!("{each:.1} KiB"),
        format!("{:.1} MiB with {FEW}, {:.1} MiB with {agents}", few as f64 / 1024.0, all as f64 / 1024.0),
        "≤ 40 KiB",
        each <= 40.0,
    );
}

async fn heartbeats(report: &mut Report, fleet: &Fleet, herd: &mut Herd) {
    let before = (processor_time(fleet), herd.tally.heartbeats.load(Ordering::Relaxed));
    tokio::time::sleep(BEATING).await;
    let beats = herd.tally.heartbeats.load(Ordering::Relaxed) - before.1;
    let busy = processor_time(fleet) - before.0;
    // The same without heartbeats, for as long as no agent counts as lost.
    herd.order(|orders| orders.beat_every = Duration::from_secs(20));
    let before = processor_time(fleet);
    tokio::time::sleep(BEATING / 2).await;
    let slow = processor_time(fleet) - before;
    herd.order(|orders| orders.beat_every = Duration::from_secs(5));
    let each = busy.as_secs_f64() / beats as f64;
    let share = busy.as_secs_f64() / BEATING.as_secs_f64();
    report.add(
        "coordinator's processor time for each heartbeat",
        format!("{:.1} µs; {:.1} % of one processor in all", each * 1e6, share * 100.0),
        format!("a quarter as many: {:.1} %", slow.as_secs_f64() / (BEATING / 2).as_secs_f64() * 100.0),
        "≤ 100 µs",
        each <= 1e-4,
    );
}

async fn dispatches(report: &mut Report, fleet: &Fleet, herd: &mut Herd, figure: &'static str) {
    let submitting = Instant::now();
    herd.submit_many(BACKLOG).await;
    eprintln!("  {BACKLOG} builds submitted in {:.1} s", submitting.elapsed().as_secs_f64());
    let fsyncs = fsyncs(fleet.directory());
    let done = herd.tally.finished.load(Ordering::Relaxed);
    let before = processor_time(fleet);
    let started = Instant::now();
    herd.order(|orders| orders.healthy = true);
    let mut times = Vec::with_capacity(BACKLOG);
    while times.len() < BACKLOG {
        times.push(herd.offered().await.1);
    }
    herd.finished(done + BACKLOG).await;
    let whole = BACKLOG as f64 / started.elapsed().as_secs_f64();
    let cost = (processor_time(fleet) - before).as_secs_f64() / BACKLOG as f64;
    herd.order(|orders| orders.healthy = false);
    times.sort_unstable();
    let (first, last) = (BACKLOG / ENDS, BACKLOG - BACKLOG / ENDS);
    let rate = (last - first) as f64 / (times[last] - times[first]).as_secs_f64();
    report.add(
        figure,
        format!("{rate:.0}/s; from the first order to the last acknowledged result {whole:.0}/s; {:.0} µs of processor each", cost * 1e6),
        format!("4 KiB write and fsync: {:.0}/s", 1.0 / median(fsyncs).as_secs_f64()),
        "≥ 2,000/s",
        rate >= 2000.0,
    );
}

async fn latency(report: &mut Report, fleet: &Fleet, herd: &mut Herd) {
    herd.order(|orders| orders.healthy = true);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut times = Vec::with_capacity(ALONE);
    let mut calls = Vec::with_capacity(ALONE);
    for _ in 0..ALONE {
        calls.push(herd.refused().await);
        let done = herd.tally.finished.load(Ordering::Relaxed);
        let started = Instant::now();
        let submitted = herd.submit().await;
        let (offered, at) = herd.offered().await;
        assert_eq!(offered, submitted, "there is no other build");
        times.push(at - started);
        herd.finished(done + 1).await;
    }
    let mut fsyncs = fsyncs(fleet.directory());
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    report.add(
        "submit → offered, 1,000 idle agents: p50, p99",
        format!("{}, {}", milliseconds(p50), milliseconds(p99)),
        format!(
            "4 KiB write and fsync: {}, {}; a call that is refused: {}",
            milliseconds(percentile(&mut fsyncs, 50)),
            milliseconds(percentile(&mut fsyncs, 99)),
            milliseconds(percentile(&mut calls, 50)),
        ),
        "≤ 3 ms, ≤ 20 ms",
        p50 <= Duration::from_millis(3) && p99 <= Duration::from_millis(20),
    );
}

/// What the coordinator has had of the processors, in user and kernel mode.
fn processor_time(fleet: &Fleet) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", fleet.coordinator.pid())).expect("it runs");
    // Behind the name, which may hold anything, come the fields from the third on.
    let fields: Vec<&str> = text.rsplit_once(") ").expect("a name").1.split(' ').collect();
    let ticks: u64 = [11, 12].map(|at: usize| fields[at].parse::<u64>().expect("a number")).iter().sum();
    // USER_HZ is 100 wherever Linux runs.
    Duration::from_millis(ticks * 10)
}
