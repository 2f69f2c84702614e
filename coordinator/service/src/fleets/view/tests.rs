//! What the plan is asked with.

use super::*;
use buildyard_model::{Architecture, FleetName, Ticket};
use std::collections::BTreeMap;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_000_000);

fn agent(number: u128) -> AgentId {
    format!("linux-{number}").parse().unwrap()
}

fn launch(number: u128, joined_at: Option<Timestamp>) -> LaunchRecord {
    LaunchRecord {
        ticket: Ticket(Uuid::from_u128(number)),
        fleet: FleetName::on_demand(),
        agent: agent(number),
        asked_at: Timestamp(NOW.0 - 10_000),
        confirmed: true,
        instance: None,
        joined_at,
        leaving_since: None,
        ending_since: None,
    }
}

fn present(number: u128, builds: u32) -> Present {
    let resources = Resources { vcpu: 4, memory_mib: 8192 };
    Present {
        agent: agent(number),
        capacity: Capacity {
            slots: 1,
            resources,
            architecture: Architecture::X86_64,
            labels: BTreeMap::new(),
            privileged: false,
            local_source: false,
            executor: "fake".into(),
            fleet: Some(FleetName::on_demand()),
        },
        builds,
        used: resources,
        endings: Vec::new(),
        freed_at: None,
        cordoned: false,
    }
}

fn instance(number: u128) -> Instance {
    Instance {
        id: InstanceId(format!("i-{number}")),
        ticket: Some(Ticket(Uuid::from_u128(number))),
        state: InstanceState::Running,
        launched_at: None,
    }
}

fn sighting(now: Timestamp) -> Sighting {
    Sighting {
        now,
        waiting: Vec::new(),
        arrivals: Vec::new(),
        present: vec![present(1, 0), present(9, 0)],
        listed: Some(vec![instance(1), instance(2), instance(3)]),
        launches: vec![launch(1, Some(Timestamp(NOW.0 - 6_000))), launch(2, None)],
        holders: HashSet::new(),
    }
}

#[test]
fn agents_are_members_only_when_they_were_launched() {
    let seen = view(&mut Memory::default(), &sighting(NOW), None);
    assert_eq!(seen.members.iter().map(|member| member.agent.clone()).collect::<Vec<_>>(), [agent(1)]);
    assert_eq!(seen.pending.iter().map(|pending| pending.ticket).collect::<Vec<_>>(), [launch(2, None).ticket]);
    assert_eq!(seen.instances.unwrap().len(), 3, "also those that nobody knows");
    assert_eq!(seen.launch_time, Some(Duration::from_secs(4)));
}

#[test]
fn idleness_counts_from_the_round_that_saw_no_build() {
    let mut memory = Memory::default();
    assert_eq!(view(&mut memory, &sighting(NOW), None).members[0].idle_since, Some(NOW));
    let later = Timestamp(NOW.0 + 5_000);
    assert_eq!(view(&mut memory, &sighting(later), None).members[0].idle_since, Some(NOW));
    let busy = Sighting { present: vec![present(1, 1)], ..sighting(later) };
    assert_eq!(view(&mut memory, &busy, None).members[0].idle_since, None);
    let last = Timestamp(NOW.0 + 9_000);
    assert_eq!(view(&mut memory, &sighting(last), None).members[0].idle_since, Some(last));
}

#[test]
fn a_build_between_two_rounds_begins_idleness_anew() {
    let mut memory = Memory::default();
    view(&mut memory, &sighting(NOW), None);
    let mut later = sighting(Timestamp(NOW.0 + 9_000));
    later.present[0].freed_at = Some(Timestamp(NOW.0 + 4_000));
    assert_eq!(view(&mut memory, &later, None).members[0].idle_since, Some(Timestamp(NOW.0 + 4_000)));
}

#[test]
fn an_instance_whose_agent_is_away_with_builds_is_leased() {
    let away = Sighting { present: Vec::new(), holders: [agent(1)].into(), ..sighting(NOW) };
    let known = view(&mut Memory::default(), &away, None).instances.unwrap();
    assert_eq!(known.iter().map(|known| known.leased).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn an_instance_that_was_told_to_end_is_stopping_whatever_the_list_says() {
    let mut ending = sighting(NOW);
    ending.launches[1].ending_since = Some(NOW);
    let seen = view(&mut Memory::default(), &ending, None);
    assert!(seen.pending.is_empty());
    assert_eq!(seen.instances.unwrap().iter().map(|known| known.stopping).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn a_build_that_no_agent_of_the_fleet_could_take_is_no_demand() {
    let requirements = |privileged| Requirements {
        resources: Resources { vcpu: 99, memory_mib: 1 },
        architecture: Architecture::X86_64,
        labels: BTreeMap::new(),
        privileged,
        local_source: false,
        disk_mib: 0,
        fleet: None,
        overflow: false,
        prefers: Vec::new(),
    };
    let waiting = |privileged| Waiting { since: NOW, requirements: requirements(privileged), expected: None };
    let two = Sighting { waiting: vec![waiting(true), waiting(false)], ..sighting(NOW) };
    assert_eq!(view(&mut Memory::default(), &two, None).waiting.len(), 2, "nobody has said yet what is offered");
    let offers = present(1, 0).capacity;
    assert_eq!(view(&mut Memory::default(), &two, Some(&offers)).waiting.len(), 1);
}
