use super::*;
use crate::sample;
use proptest::prelude::*;

fn candidate(project: &str, sequence: u64, priority: i32, since: i64) -> Candidate {
    Candidate {
        build: format!("{project}:00000000-0000-0000-0000-{sequence:012}").parse().unwrap(),
        priority,
        since: Timestamp(since),
        sequence,
        requirements: sample::spec().requirements(),
    }
}

fn names(order: &[Candidate]) -> Vec<String> {
    let short = |candidate: &Candidate| {
        let uuid = candidate.build.uuid().to_string();
        format!("{}{}", candidate.build.project(), uuid[uuid.len() - 2..].trim_start_matches('0'))
    };
    order.iter().map(short).collect()
}

#[test]
fn projects_take_turns_and_each_keeps_its_own_order() {
    let mut queue = Queue::default();
    for sequence in [3, 1, 2] {
        queue.push(candidate("aa", sequence, 0, 0));
    }
    queue.push(candidate("bb", 1, 0, 50));
    queue.push(candidate("bb", 2, 0, 60));
    assert_eq!(names(&queue.order(9)), ["aa1", "bb1", "aa2", "bb2", "aa3"]);
    queue.started(&"aa".parse().unwrap());
    assert_eq!(names(&queue.order(3)), ["bb1", "aa1", "bb2"]);
}

#[test]
fn a_higher_priority_goes_first_and_a_weight_counts() {
    let mut queue = Queue::new(HashMap::from([("bb".parse().unwrap(), 2)]));
    (1..=3).for_each(|sequence| queue.push(candidate("aa", sequence, 0, 0)));
    (1..=4).for_each(|sequence| queue.push(candidate("bb", sequence, 0, 1)));
    queue.push(candidate("aa", 9, 5, 2));
    assert_eq!(names(&queue.order(9)), ["aa9", "bb1", "bb2", "aa1", "bb3", "bb4", "aa2", "aa3"]);
}

#[test]
fn the_order_told_is_the_order_of_the_grants() {
    let mut queue = Queue::default();
    for (at, project) in ["aa", "bb", "aa", "cc", "aa", "bb"].iter().enumerate() {
        queue.push(candidate(project, at as u64, 0, 0));
    }
    let told: Vec<BuildId> = queue.order(10).into_iter().map(|candidate| candidate.build).collect();
    let mut passed = Passed::default();
    let granted = std::iter::from_fn(|| {
        let build = queue.next(&mut passed)?.build.clone();
        queue.chosen(build.project());
        queue.remove(&build);
        queue.started(build.project());
        Some(build)
    });
    assert_eq!(granted.collect::<Vec<_>>(), told);
}

#[test]
fn slot_time_decides_between_those_that_have_the_same_slots() {
    let mut queue = Queue::default();
    let (long, short) = ("long".parse().unwrap(), "short".parse().unwrap());
    queue.push(candidate("long", 1, 0, 0));
    queue.push(candidate("short", 1, 0, 9));
    for (project, lasted) in [(&long, 60), (&short, 10)] {
        let charged = queue.started(project);
        queue.ended(project, Duration::from_secs(lasted), charged);
    }
    assert_eq!(names(&queue.order(1)), ["short1"], "though the other has waited longer");
}

#[test]
fn a_newcomer_does_not_make_up_for_time_in_which_it_wanted_nothing() {
    let mut queue = Queue::default();
    let (old, new) = ("old".parse::<ProjectName>().unwrap(), "new".parse::<ProjectName>().unwrap());
    for sequence in 1..=100 {
        queue.push(candidate("old", sequence, 0, 0));
        queue.chosen(&old);
        let charged = queue.started(&old);
        queue.ended(&old, Duration::from_secs(3600), charged);
    }
    queue.push(candidate("new", 1, 0, 9));
    queue.push(candidate("new", 2, 0, 9));
    for lasted in [1800, 1801] {
        assert_eq!(names(&queue.order(1)), ["new1"]);
        queue.chosen(&new);
        let charged = queue.started(&new);
        queue.ended(&new, Duration::from_secs(lasted), charged);
    }
    assert_eq!(names(&queue.order(1)), ["old1"], "after its share of time the other's turn comes");
}

#[test]
fn what_is_taken_out_leaves_nothing_behind() {
    let mut queue = Queue::default();
    let builds: Vec<Candidate> = (1..=6).map(|at| candidate(["aa", "bb"][at as usize % 2], at, 0, 0)).collect();
    builds.iter().for_each(|build| queue.push(build.clone()));
    queue.push(builds[0].clone());
    assert_eq!((queue.len(), queue.lines(&builds[4].build).unwrap().own < 2), (6, true));
    assert!(builds.iter().all(|build| queue.remove(&build.build)));
    assert!(!queue.remove(&builds[0].build));
    assert!(queue.is_empty() && queue.bands.is_empty() && queue.forms.is_empty());
    assert_eq!(queue.shares().total(), 0);
}

proptest! {
    #[test]
    fn the_order_is_by_priority_then_within_a_project_by_submission(
        builds in prop::collection::vec((0usize..3, -1i32..2), 0..40),
    ) {
        let mut queue = Queue::default();
        for (at, (project, priority)) in builds.iter().enumerate() {
            queue.push(candidate(["aa", "bb", "cc"][*project], at as u64, *priority, 0));
        }
        let order = queue.order(usize::MAX);
        prop_assert_eq!(order.len(), builds.len());
        let place = |at: usize| {
            let build = candidate(["aa", "bb", "cc"][builds[at].0], at as u64, 0, 0).build;
            order.iter().position(|found| found.build == build).unwrap()
        };
        for (one, (project, priority)) in builds.iter().enumerate() {
            for (other, (of, with)) in builds.iter().enumerate().skip(one + 1) {
                if priority > with || (priority == with && project == of) {
                    prop_assert!(place(one) < place(other));
                }
            }
        }
    }
}
