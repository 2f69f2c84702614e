use super::*;
use crate::queue::{Candidate, Queue};
use crate::sample;
use buildyard_model::BuildId;

fn project(name: &str) -> ProjectName {
    name.parse().unwrap()
}

fn waiting(queue: &mut Queue, name: &str, sequence: u64, since: i64) -> BuildId {
    let id: BuildId = format!("{name}:00000000-0000-0000-0000-{sequence:012}").parse().unwrap();
    let requirements = sample::spec().requirements();
    queue.push(Candidate { build: id.clone(), priority: 0, since: Timestamp(since), sequence, requirements });
    id
}

fn ten_seconds(names: &[&str]) -> Durations {
    let mut durations = Durations::default();
    for name in names {
        (0..20).for_each(|_| durations.note(&project(name), Duration::from_secs(10)));
    }
    durations
}

fn busy(name: &str, elapsed_s: u64) -> Slot {
    Slot::Busy { project: project(name), elapsed: Duration::from_secs(elapsed_s) }
}

fn ask(queue: &Queue, build: &BuildId, slots: &[Slot], durations: &Durations) -> Option<StartEstimate> {
    estimate(&queue.lines(build).unwrap(), queue.shares(), slots, durations, Timestamp(0), 7)
}

#[test]
fn builds_of_one_length_start_one_after_the_other() {
    let mut queue = Queue::default();
    queue.started(&project("app"));
    let builds: Vec<BuildId> = (1..=5).map(|number| waiting(&mut queue, "app", number, 0)).collect();
    let durations = ten_seconds(&["app"]);
    for (ahead, build) in (0..).zip(&builds) {
        let found = ask(&queue, build, &[busy("app", 4)], &durations).unwrap();
        assert_eq!(found.expected, Timestamp(6000 + ahead * 10_000));
        assert!(found.earliest < found.expected && found.expected < found.latest, "{found:?}");
    }
}

#[test]
fn another_projects_crowd_is_passed() {
    let mut queue = Queue::default();
    queue.started(&project("crowd"));
    queue.started(&project("crowd"));
    for number in 1..=5000 {
        waiting(&mut queue, "crowd", number, 0);
    }
    let last = waiting(&mut queue, "crowd", 5001, 0);
    let lone = waiting(&mut queue, "lone", 1, 1000);
    let durations = ten_seconds(&["crowd"]);
    let slots = [busy("crowd", 1), busy("crowd", 4)];
    assert_eq!(ask(&queue, &lone, &slots, &durations).unwrap().expected, Timestamp(6000));
    assert_eq!(ask(&queue, &last, &slots, &durations), None, "too far ahead to be looked at");
}

#[test]
fn a_free_slot_means_now_and_without_slots_or_durations_nobody_knows() {
    let mut queue = Queue::default();
    let build = waiting(&mut queue, "app", 1, 0);
    let none = Durations::default();
    assert_eq!(ask(&queue, &build, &[Slot::Free], &none).unwrap().expected, Timestamp(0));
    assert_eq!(ask(&queue, &build, &[busy("app", 1)], &none), None);
    assert_eq!(ask(&queue, &build, &[], &ten_seconds(&["app"])), None);
}

#[test]
fn the_band_widens_with_the_spread_of_durations() {
    let mut queue = Queue::default();
    queue.started(&project("app"));
    (1..=9).for_each(|number| drop(waiting(&mut queue, "app", number, 0)));
    let build = waiting(&mut queue, "app", 10, 0);
    let mut wide = Durations::default();
    (0..50).for_each(|number| wide.note(&project("app"), Duration::from_secs(1 + number % 10 * 2)));
    let width = |durations: &Durations| {
        let found = ask(&queue, &build, &[busy("app", 0)], durations).unwrap();
        found.latest.since(found.earliest)
    };
    assert!(width(&wide) > width(&ten_seconds(&["app"])).mul_f64(1.3));
    assert_eq!(wide.percentile(&project("app"), 50), Some(Duration::from_secs(9)));
    assert_eq!(wide.percentile(&project("app"), 90), Some(Duration::from_secs(17)));
}
