//! Figures as ratios against a baseline in the same run: median of several, printed as a table with what is to be
//! reached. `make bench` runs all; `make bench ONLY=log` one. Nothing here passes or fails.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod agents;
mod api;
mod client;
mod container;
mod disk;
mod latency;
mod log;
mod memory;
mod raw_docker;
mod report;
mod throughput;
mod warm;

use report::Report;

/// A name for `ONLY`, and what measures it.
type Benchmark = (&'static str, fn(&mut Report));

fn main() {
    // `cargo bench` passes flags of its own.
    let only = std::env::var("ONLY").ok().filter(|only| !only.is_empty());
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    let mut report = Report::default();
    let benchmarks: [Benchmark; 8] = [
        ("latency", latency::run),
        ("container", container::run),
        ("log", log::run),
        ("throughput", throughput::run),
        ("api", api::run),
        ("agents", agents::run),
        ("memory", memory::run),
        ("warm", warm::run),
    ];
    for (name, run) in benchmarks.into_iter().filter(|(name, _)| wanted(name)) {
        eprintln!("measuring {name} …");
        run(&mut report);
    }
    report.print();
}
