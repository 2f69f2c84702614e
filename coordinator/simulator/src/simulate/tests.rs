//! The acceptance: what the default policy is worth on a week.

use super::*;
use crate::generate::week;

fn sized() -> Policy {
    Policy { slots: 4, resources: Resources { vcpu: 8, memory_mib: 16_384 }, ..Policy::default() }
}

#[test]
fn the_default_policy_beats_the_reactive_one_in_wait_and_in_hours() {
    let seed = 1;
    let week = week(seed);
    let launches = Launches { seed, ..Launches::default() };
    let ours = simulate(&week, "default", &Planner::Scaling(sized()), &launches);
    let theirs = simulate(&week, "reactive", &Planner::Reactive(sized()), &launches);
    assert_eq!((ours.unfinished, theirs.unfinished), (0, 0));
    assert!(ours.wait.p95_ms < theirs.wait.p95_ms, "{:?} {:?}", ours.wait, theirs.wait);
    assert!(ours.instance_hours < theirs.instance_hours, "{} {}", ours.instance_hours, theirs.instance_hours);
}

/// A thousand builds of the week, for what need not be shown on all of it.
fn days() -> Vec<Entry> {
    week(5).into_iter().take(1000).collect()
}

#[test]
fn a_trace_gives_the_same_result_each_time() {
    let planner = Planner::Scaling(sized());
    let once = || simulate(&days(), "default", &planner, &Launches::default());
    assert_eq!(once(), once());
}

#[test]
fn a_fleet_goes_back_to_nothing_and_never_above_max() {
    let outcome = simulate(&days(), "default", &Planner::Scaling(sized()), &Launches::default());
    assert_eq!(outcome.moments.last().map(|last| (last.waiting, last.running, last.instances)), Some((0, 0, 0)));
    assert!(outcome.peak_instances <= sized().max && outcome.unfinished == 0);
}

#[test]
fn lost_launches_are_replaced() {
    let launches = Launches { lost_percent: 30, ..Launches::default() };
    let outcome = simulate(&days(), "default", &Planner::Scaling(sized()), &launches);
    assert_eq!(outcome.unfinished, 0);
    assert!(outcome.peak_instances <= sized().max);
}

#[test]
fn a_fleet_of_none_ends_its_simulation_and_says_what_never_ran() {
    let policy = Policy { max: 0, ..sized() };
    let trace = &days()[..10];
    let outcome = simulate(trace, "none", &Planner::Scaling(policy), &Launches::default());
    assert_eq!((outcome.unfinished, outcome.launches), (10, 0));
}

/// Short builds of one project behind long ones of another, on a single slot.
fn crowd(priority: i32) -> Vec<Entry> {
    let entry = |submitted_at_ms, project: &str, duration_ms, priority| Entry {
        submitted_at_ms,
        project: project.to_owned(),
        duration_ms,
        vcpu: 2,
        memory_mib: 4096,
        image: "x".to_owned(),
        priority,
        fleet: None,
    };
    let long = (0..10).map(|at| entry(at, "storm", 600_000, 0));
    let short = (10..30).map(|at| entry(at, "web", 1_000, priority));
    long.chain(short).collect()
}

fn waits_of_a_crowd(priority: i32) -> Waits {
    let policy = Policy { slots: 1, max: 1, ..Policy::default() };
    let launches = Launches { spread: 0.0, ..Launches::default() };
    let outcome = simulate(&crowd(priority), "one", &Planner::Scaling(policy), &launches);
    assert_eq!(outcome.unfinished, 0);
    outcome.wait
}

#[test]
fn what_a_project_had_before_counts_as_it_does_in_earnest() {
    let waits = waits_of_a_crowd(0);
    assert!((600_000..1_000_000).contains(&waits.p50_ms), "behind one of the long ones, not behind all: {waits:?}");
}

#[test]
fn a_higher_priority_goes_first() {
    let waits = waits_of_a_crowd(1);
    assert!(waits.p50_ms < 120_000, "{waits:?}");
}
