//! Facts about single plans. What holds for every view and over time is in `properties` and `world`.

use super::*;
use buildyard_model::Resources;
use std::time::Duration;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(10_000_000);
const SMALL: Resources = Resources { vcpu: 2, memory_mib: 4096 };

/// Nothing to spare.
fn plain() -> Policy {
    Policy { utilization_percent: 100, idle: Duration::from_secs(300), ..Policy::default() }
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 - seconds * 1000)
}

fn ticket(number: u128) -> Ticket {
    Ticket(Uuid::from_u128(number))
}

fn waiting(count: usize) -> Vec<Demand> {
    vec![Demand { resources: SMALL, since: ago(1), expected: None }; count]
}

fn member(number: u128) -> Member {
    Member {
        agent: format!("a{number}").parse().unwrap(),
        ticket: Some(ticket(number)),
        instance: Some(InstanceId(format!("i{number}"))),
        slots: 1,
        resources: SMALL,
        builds: 0,
        used: Resources { vcpu: 0, memory_mib: 0 },
        endings: Vec::new(),
        idle_since: Some(ago(1)),
        draining_since: None,
        cordoned: false,
        joined_at: ago(3000 - i64::try_from(number).unwrap()),
    }
}

fn busy(number: u128, ends_in: Option<i64>) -> Member {
    let endings = ends_in.map(|seconds| Ending { at: ago(-seconds), resources: SMALL }).into_iter().collect();
    Member { builds: 1, used: SMALL, idle_since: None, endings, ..member(number) }
}

fn idle(number: u128, seconds: i64) -> Member {
    Member { idle_since: Some(ago(seconds)), ..member(number) }
}

fn known(number: u128, seconds: i64) -> Known {
    let (instance, ticket) = (InstanceId(format!("i{number}")), Some(ticket(number)));
    Known { instance, ticket, seen_since: ago(seconds), stopping: false, leased: false }
}

/// A view with these agents and an instance for each.
fn fleet(members: Vec<Member>, waiting: Vec<Demand>) -> FleetView {
    let instances = members.iter().map(|member| {
        let (instance, ticket) = (member.instance.clone().unwrap(), member.ticket);
        Known { instance, ticket, seen_since: ago(3000), stopping: false, leased: false }
    });
    let instances = Some(instances.collect());
    let launch_time = Some(Duration::from_secs(60));
    FleetView { members, waiting, instances, launch_time, ..FleetView::default() }
}

/// The plan in short: `launch 2`, `drain a1`.
fn short(view: &FleetView, policy: &Policy) -> Vec<String> {
    plan(view, policy, NOW).iter().map(word).collect()
}

fn word(action: &Action) -> String {
    match action {
        Action::Launch { count, .. } => format!("launch {count}"),
        Action::Drain { agent, .. } => format!("drain {agent}"),
        Action::Undrain { agent, .. } => format!("undrain {agent}"),
        Action::Terminate { instance, .. } => format!("terminate {instance}"),
        Action::Forget { ticket, .. } => format!("forget {}", ticket.0.as_u128()),
    }
}

#[test]
fn waiting_builds_are_packed_on_slots() {
    let policy = Policy { slots: 4, resources: Resources { vcpu: 8, memory_mib: 16_384 }, ..plain() };
    assert_eq!(short(&fleet(vec![], waiting(9)), &policy), ["launch 3"]);
    assert_eq!(short(&fleet(vec![], waiting(40)), &policy), ["launch 10"]);
    assert_eq!(short(&fleet(vec![], waiting(400)), &policy), ["launch 10"]);
    let narrow = Policy { resources: Resources { vcpu: 4, memory_mib: 16_384 }, ..policy };
    assert_eq!(short(&fleet(vec![], waiting(9)), &narrow), ["launch 5"]);
}

#[test]
fn what_is_on_its_way_counts() {
    let pending = (1..=3).map(|number| Pending { ticket: ticket(number), asked_at: ago(5) }).collect();
    let mut view = FleetView { pending, ..fleet(vec![], waiting(4)) };
    assert_eq!(short(&view, &plain()), ["launch 1"]);
    // Two of the launches are there already: they are the same ones.
    view.instances = Some(vec![known(1, 2), known(2, 2)]);
    assert_eq!(short(&view, &plain()), ["launch 1"]);
    // So where the place knows no tickets.
    view.instances = Some(vec![Known { ticket: None, ..known(1, 2) }, Known { ticket: None, ..known(2, 2) }]);
    assert_eq!(short(&view, &plain()), ["launch 1"]);
}

#[test]
fn what_will_be_free_before_a_launch_could_join_is_not_launched_for() {
    assert_eq!(short(&fleet(vec![busy(1, Some(50))], waiting(1)), &plain()), [""; 0]);
    assert_eq!(short(&fleet(vec![busy(1, Some(90))], waiting(1)), &plain()), ["launch 1"]);
    assert_eq!(short(&fleet(vec![busy(1, None)], waiting(1)), &plain()), ["launch 1"]);
    // It should have ended long ago: nobody knows when it will.
    assert_eq!(short(&fleet(vec![busy(1, Some(-10))], waiting(1)), &plain()), ["launch 1"]);
}

#[test]
fn short_builds_queue_on_one_slot() {
    let demand = Demand { expected: Some(Duration::from_secs(10)), ..waiting(1)[0].clone() };
    // Up to 75 s: a launch and the patience.
    assert_eq!(short(&fleet(vec![member(1)], vec![demand.clone(); 8]), &plain()), [""; 0]);
    assert_eq!(short(&fleet(vec![member(1)], vec![demand; 9]), &plain()), ["launch 1"]);
}

#[test]
fn idle_agents_are_drained_longest_first_and_end_in_a_later_plan() {
    let policy = Policy { min: 1, ..plain() };
    let mut view = fleet(vec![idle(1, 400), idle(2, 500), idle(3, 299)], vec![]);
    assert_eq!(short(&view, &policy), ["drain a2", "drain a1"]);
    for member in &mut view.members[..2] {
        member.draining_since = Some(ago(1));
    }
    assert_eq!(short(&view, &policy), ["terminate i1", "terminate i2"]);
    view.members[0].builds = 1;
    assert_eq!(short(&view, &policy), ["terminate i2"]);
    view.members[1].draining_since = Some(NOW);
    assert_eq!(short(&view, &policy), [""; 0]);
}

#[test]
fn demand_takes_a_drained_agent_back_before_it_launches() {
    let drained = Member { draining_since: Some(ago(2)), ..idle(1, 400) };
    assert_eq!(short(&fleet(vec![drained.clone()], waiting(1)), &plain()), ["undrain a1"]);
    assert_eq!(short(&fleet(vec![drained], waiting(2)), &plain()), ["undrain a1", "launch 1"]);
}

#[test]
fn a_persons_agents_are_left_alone_and_count_to_max() {
    let cordoned = |number| Member { cordoned: true, ..idle(number, 4000) };
    let policy = Policy { max: 3, ..plain() };
    assert_eq!(short(&fleet(vec![cordoned(1), cordoned(2)], waiting(5)), &policy), ["launch 1"]);
    assert_eq!(short(&fleet(vec![cordoned(1), cordoned(2)], vec![]), &policy), [""; 0]);
}

#[test]
fn without_the_provisioners_word_nothing_begins_and_nothing_ends() {
    let drained = Member { draining_since: Some(ago(9)), ..idle(2, 400) };
    let mut view = fleet(vec![idle(1, 400), drained], vec![]);
    view.instances = None;
    assert_eq!(short(&view, &plain()), [""; 0]);
    view.members[0] = busy(1, None);
    view.waiting = waiting(3);
    assert_eq!(short(&view, &plain()), ["undrain a2"]);
}

#[test]
fn a_launch_that_never_joins_is_given_up_and_replaced() {
    let pending = vec![Pending { ticket: ticket(1), asked_at: ago(300) }];
    let mut view = FleetView { pending, ..fleet(vec![], waiting(1)) };
    view.instances = Some(vec![known(1, 290), known(2, 300), known(3, 299)]);
    let all = ["forget 1", "terminate i1", "terminate i2"];
    assert_eq!(short(&view, &plain()), all, "the third may still come");
    view.instances = Some(vec![known(1, 290)]);
    assert_eq!(short(&view, &plain()), ["forget 1", "terminate i1", "launch 1"]);
}

#[test]
fn an_instance_whose_agent_is_away_with_a_lease_is_not_touched() {
    let mut view = fleet(vec![], vec![]);
    view.instances = Some(vec![Known { leased: true, ..known(1, 4000) }]);
    assert_eq!(short(&view, &Policy { max: 0, ..plain() }), [""; 0]);
}

#[test]
fn an_instance_that_may_be_an_agents_home_is_not_touched() {
    let homeless = Member { instance: None, ..busy(1, None) };
    let view = FleetView { members: vec![homeless], ..fleet(vec![], vec![]) };
    let nameless = |number| Known { ticket: None, ..known(number, 4000) };
    let view = FleetView { instances: Some(vec![nameless(1), nameless(2)]), ..view };
    assert_eq!(short(&view, &Policy { max: 0, ..plain() }), ["drain a1"]);
}

#[test]
fn late_instances_above_max_go_newest_first() {
    let policy = Policy { max: 2, ..plain() };
    let mut view = fleet(vec![busy(1, None), member(2)], vec![]);
    view.instances.as_mut().unwrap().extend([known(7, 20), known(8, 10)]);
    assert_eq!(short(&view, &policy), ["terminate i8", "terminate i7"]);
    let view = fleet(vec![busy(1, None), member(2), busy(3, None), member(4)], vec![]);
    assert_eq!(short(&view, &policy), ["drain a4", "drain a2"]);
}

#[test]
fn failed_launches_and_limits_hold_growth_back() {
    let mut view = FleetView { failures: 3, failed_at: Some(ago(39)), ..fleet(vec![], waiting(20)) };
    assert_eq!(short(&view, &plain()), [""; 0]);
    view.failed_at = Some(ago(40));
    assert_eq!(short(&view, &plain()), ["launch 10"]);
    view.launches = vec![ago(30); 27];
    assert_eq!(short(&view, &plain()), ["launch 3"]);
}

#[test]
fn scale_in_cools_down() {
    let mut view = FleetView { scaled_in_at: Some(ago(14)), ..fleet(vec![idle(1, 400)], vec![]) };
    assert_eq!(short(&view, &plain()), [""; 0]);
    view.scaled_in_at = Some(ago(15));
    assert_eq!(short(&view, &plain()), ["drain a1"]);
}

#[test]
fn warm_slots_and_the_utilization_target_are_launched_and_kept() {
    let warm = Policy { warm_slots: 2, ..plain() };
    assert_eq!(short(&fleet(vec![], vec![]), &warm), ["launch 2"]);
    assert_eq!(short(&fleet(vec![idle(1, 900), idle(2, 900), idle(3, 901)], vec![]), &warm), ["drain a3"]);
    let spare = Policy { utilization_percent: 75, ..plain() };
    let members = || (1..=6).map(|number| busy(number, None)).collect();
    assert_eq!(short(&fleet(members(), vec![]), &spare), ["launch 2"]);
}

#[test]
fn work_that_is_spread_thin_is_brought_together() {
    let one_of_four =
        |number| Member { slots: 4, resources: Resources { vcpu: 8, memory_mib: 16_384 }, ..busy(number, None) };
    let four = || (1..=4).map(one_of_four).collect::<Vec<_>>();
    assert_eq!(short(&fleet(four(), vec![]), &plain()), ["drain a4"]);
    let mut view = fleet(four(), vec![]);
    view.members[3].draining_since = Some(ago(30));
    assert_eq!(short(&view, &plain()), [""; 0], "one at a time");
    view.members[3].builds = 0;
    assert_eq!(short(&view, &plain()), ["terminate i4", "drain a3"]);
    assert_eq!(short(&fleet(four(), waiting(9)), &plain()), [""; 0]);
    assert_eq!(short(&fleet(four(), vec![]), &Policy { min: 4, ..plain() }), [""; 0]);
    assert_eq!(short(&fleet(four(), vec![]), &Policy { warm_slots: 9, ..plain() }), [""; 0]);
    assert_eq!(short(&fleet(four(), vec![]), &Policy { consolidate: false, ..plain() }), [""; 0]);
}
