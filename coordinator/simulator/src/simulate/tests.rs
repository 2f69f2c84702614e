//! The acceptance: what the default policy is worth on a week.

use super::*;
use crate::generate::week;

fn sized() -> Policy {
    Policy { slots: 4, resources: Resources { vcpu: 8, memory_mib: 16_384 }, ..Policy::default() }
}

#[test]
fn the_default_policy_beats_the_reactive_one_in_wait_and_in_hours() {
    for seed in 1..=3 {
        let week = week(seed);
        let launches = Launches { seed, ..Launches::default() };
        let ours = simulate(&week, "default", &Planner::Scaling(sized()), &launches);
        let theirs = simulate(&week, "reactive", &Planner::Reactive(sized()), &launches);
        for o in [&ours, &theirs] {
            eprintln!("{seed} {} {:?} {} {} {}", o.policy, o.wait, o.instance_hours, o.peak_instances, o.launches);
        }
        assert_eq!((ours.unfinished, theirs.unfinished), (0, 0));
        assert!(ours.wait.p95_ms < theirs.wait.p95_ms, "{:?} {:?}", ours.wait, theirs.wait);
        assert!(ours.instance_hours < theirs.instance_hours);
    }
}

#[test]
#[ignore]
fn sweep() {
    let mins = |m: u64| Duration::from_secs(60 * m);
    for seed in [1, 2, 3] {
        let week = week(seed);
        let launches = Launches { seed, ..Launches::default() };
        let o = simulate(&week, "", &Planner::Reactive(sized()), &launches);
        println!(
            "SW {seed} reactive p95 {} p99 {} h {:.1} l {}",
            o.wait.p95_ms, o.wait.p99_ms, o.instance_hours, o.launches
        );
        for (util, idle, patience) in [(80, 5, 0), (80, 7, 0), (80, 8, 0), (70, 7, 0)] {
            let p = Policy {
                idle: mins(idle),
                patience: Duration::from_secs(patience),
                utilization_percent: util,
                ..sized()
            };
            let o = simulate(&week, "", &Planner::Scaling(p), &launches);
            println!(
                "SW {seed} u={util} idle={idle} pat={patience}: p95 {} p99 {} h {:.1} l {}",
                o.wait.p95_ms, o.wait.p99_ms, o.instance_hours, o.launches
            );
        }
    }
}
