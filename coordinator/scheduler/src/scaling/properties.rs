//! What holds for every view, however little sense it makes.

use super::*;
use buildyard_model::Resources;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(10_000_000);

fn moment() -> impl Strategy<Value = Timestamp> {
    (0..1200_i64).prop_map(|seconds| Timestamp(NOW.0 - seconds * 1000))
}

fn ticket() -> impl Strategy<Value = Ticket> {
    (0..12_u128).prop_map(|number| Ticket(Uuid::from_u128(number)))
}

fn instance() -> impl Strategy<Value = InstanceId> {
    (0..12).prop_map(|number| InstanceId(format!("i{number}")))
}

fn resources() -> impl Strategy<Value = Resources> {
    (0..9_u32).prop_map(|vcpu| Resources { vcpu, memory_mib: u64::from(vcpu) * 2048 })
}

prop_compose! {
    fn demand()(resources in resources(), since in moment(), expected in option::of(0..900_u64)) -> Demand {
        Demand { resources, since, expected: expected.map(Duration::from_secs) }
    }
}

prop_compose! {
    fn member()(
        (ticket, instance) in (option::of(ticket()), option::of(instance())),
        (slots, resources, used, builds) in (0..5_u32, resources(), resources(), 0..4_u32),
        ends in vec(-300..300_i64, 0..3),
        (since, draining_since, joined_at) in (moment(), option::weighted(0.3, moment()), moment()),
        cordoned in prop::bool::weighted(0.1),
    ) -> Member {
        let endings = ends.into_iter().map(|seconds| Ending { at: Timestamp(NOW.0 + seconds * 1000), resources: used });
        Member {
            agent: "a".parse().unwrap(),
            ticket, instance, slots, resources, builds, used, draining_since, cordoned, joined_at,
            endings: endings.collect(),
            idle_since: (builds == 0).then_some(since),
        }
    }
}

prop_compose! {
    fn known()(
        (instance, ticket, seen_since) in (instance(), option::of(ticket()), moment()),
        (stopping, leased) in (prop::bool::weighted(0.1), prop::bool::weighted(0.1)),
    ) -> Known {
        Known { instance, ticket, seen_since, stopping, leased }
    }
}

prop_compose! {
    fn view()(
        (waiting, mut members) in (vec(demand(), 0..12), vec(member(), 0..8)),
        instances in option::weighted(0.9, vec(known(), 0..10)),
        pending in vec((ticket(), moment()), 0..4),
        (arrivals, launches) in (vec(moment(), 0..40), vec(moment(), 0..5)),
        launch_time in option::of(0..200_u64),
        (failures, failed_at, scaled_in_at) in (0..3_u32, option::of(moment()), option::of(moment())),
    ) -> FleetView {
        for (number, member) in members.iter_mut().enumerate() {
            member.agent = format!("a{number}").parse().unwrap();
        }
        let mut seen = HashSet::new();
        let listed = |all: Vec<Known>| all.into_iter().filter(|known| seen.insert(known.instance.clone())).collect();
        FleetView {
            waiting, arrivals, members, launches, failures, failed_at, scaled_in_at,
            instances: instances.map(listed),
            pending: pending.into_iter().map(|(ticket, asked_at)| Pending { ticket, asked_at }).collect(),
            launch_time: launch_time.map(Duration::from_secs),
        }
    }
}

prop_compose! {
    fn policy()(
        (min, more, slots, resources) in (0..4_u32, 0..8_u32, 0..5_u32, resources()),
        (idle, warm_slots, anticipate, patience) in (0..600_u64, 0..4_u32, any::<bool>(), 0..60_u64),
        (utilization_percent, max_launch, per_minute) in (0..=101_u32, 0..6_u32, 0..9_u32),
        (cool_down, join_within) in (0..60_u64, 1..600_u64),
    ) -> Policy {
        Policy {
            min, max: min + more, slots, resources, warm_slots, anticipate, utilization_percent, max_launch,
            idle: Duration::from_secs(idle),
            patience: Duration::from_secs(patience),
            max_launches_per_minute: per_minute,
            cool_down: Duration::from_secs(cool_down),
            join_within: Duration::from_secs(join_within),
            ..Policy::default()
        }
    }
}

/// Whether the agent may live on the instance, by all that is known.
fn may_live_on(view: &FleetView, member: &Member, known: &Known) -> bool {
    let has_home = view.instances.iter().flatten().any(|known| known.ticket.is_some() && known.ticket == member.ticket);
    match (&member.instance, known.ticket) {
        (Some(id), _) => *id == known.instance,
        (None, Some(ticket)) => member.ticket == Some(ticket),
        (None, None) => !has_home && view.members.iter().all(|other| other.instance.as_ref() != Some(&known.instance)),
    }
}

/// Instances that exist by anyone's word, each at least once, going ones aside.
fn exists(view: &FleetView) -> usize {
    let listed = view.instances.iter().flatten().filter(|known| !known.stopping);
    let alone = listed.filter(|known| !view.members.iter().any(|member| may_live_on(view, member, known))).count();
    let going = |member: &&Member| {
        let mut homes = view.instances.iter().flatten().filter(|known| may_live_on(view, member, known)).peekable();
        homes.peek().is_some() && homes.all(|known| known.stopping)
    };
    alone + view.members.iter().filter(|member| !going(member)).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_agent_with_a_build_and_none_that_was_not_drained_is_terminated(view in view(), policy in policy()) {
        for action in plan(&view, &policy, NOW) {
            let Action::Terminate { instance, .. } = action else { continue };
            let listed = view.instances.as_ref().unwrap().iter().find(|known| known.instance == instance).unwrap();
            prop_assert!(!listed.stopping && !listed.leased);
            for member in view.members.iter().filter(|member| may_live_on(&view, member, listed)) {
                prop_assert!(member.builds == 0 && !member.cordoned, "{instance} has {member:?}");
                prop_assert!(member.draining_since.is_some_and(|since| since < NOW), "{instance} has {member:?}");
            }
        }
    }

    #[test]
    fn launches_stay_within_max_and_demand_with_slack(view in view(), policy in policy()) {
        let actions = plan(&view, &policy, NOW);
        let launched: Vec<u32> = actions.iter().filter_map(|action| match action {
            Action::Launch { count, .. } => Some(*count),
            _ => None,
        }).collect();
        prop_assert!(launched.len() <= 1);
        let Some(&count) = launched.first() else { return Ok(()) };
        prop_assert!(count > 0 && count <= policy.max_launch && view.instances.is_some());
        prop_assert!(exists(&view) + count as usize <= policy.max as usize);
        let in_use = view.members.iter().map(|member| u64::from(member.slots)).sum::<u64>() + view.waiting.len() as u64;
        let to_spare = (in_use * 100).div_ceil(u64::from(policy.utilization_percent.clamp(1, 100))) - in_use;
        let coming = if policy.anticipate { 2 * view.arrivals.len() as u64 + 1 } else { 0 };
        let slack = u64::from(policy.min) + u64::from(policy.warm_slots).max(coming).max(to_spare);
        prop_assert!(u64::from(count) <= view.waiting.len() as u64 + slack);
    }

    #[test]
    fn a_plan_is_one_decision(view in view(), policy in policy()) {
        let actions = plan(&view, &policy, NOW);
        prop_assert_eq!(&actions, &plan(&view, &policy, NOW));
        let mut agents = HashSet::new();
        let mut ended = HashSet::new();
        for action in &actions {
            match action {
                Action::Drain { agent, .. } | Action::Undrain { agent, .. } => {
                    let member = view.members.iter().find(|member| member.agent == *agent).unwrap();
                    prop_assert!(agents.insert(agent) && !member.cordoned);
                    prop_assert_eq!(matches!(action, Action::Undrain { .. }), member.draining_since.is_some());
                }
                Action::Terminate { instance, .. } => prop_assert!(ended.insert(instance)),
                Action::Launch { .. } | Action::Forget { .. } => {}
            }
        }
    }
}
