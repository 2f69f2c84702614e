//! What happens in the same moment, what does not answer, and what cannot be read.

use super::*;
use buildyard_model::InstanceId;
use std::sync::atomic::Ordering;

fn record(number: u128, stage: &Stage) -> LaunchRecord {
    LaunchRecord {
        ticket: Ticket(uuid::Uuid::from_u128(number)),
        fleet: Stage::name(),
        agent: format!("asked-{number}").parse().unwrap(),
        asked_at: stage.clock.now(),
        confirmed: true,
        instance: None,
        joined_at: None,
        leaving_since: None,
        ending_since: None,
    }
}

#[tokio::test(start_paused = true)]
async fn agents_that_come_together_from_a_place_without_tickets_take_a_launch_each() {
    let stage = Stage::set(policy()).await;
    // What was listed stands, since nothing is listed any more.
    stage.place.misbehave(Mischief { fails: Some(PlaceError::Unavailable("away".into())), ..Mischief::default() });
    stage.pass(5).await;
    let service = &stage.rig.service;
    let instance = |number: u32| InstanceId(format!("i-{number}"));
    service.keep_launches(&[record(1, &stage), record(2, &stage)], &[]).await.unwrap();
    service.inner.fleets.show(&Stage::name(), |glimpse| glimpse.instances = [instance(1), instance(2)].into());
    let come = async |number: u32| {
        let name: AgentId = format!("host-{number}").parse().unwrap();
        service.enroll(&name, JOIN_TOKEN, "").await.unwrap();
        let some = FakeInstance {
            owner: Owner { coordinator: "test".into(), fleet: Stage::name() },
            launch: buildyard_provision::Launch {
                ticket: Ticket(uuid::Uuid::from_u128(9)),
                fleet: Stage::name(),
                agent: name.to_string(),
                coordinator: String::new(),
                join_token: Secret::new(""),
                slots: None,
                labels: BTreeMap::new(),
            },
            launched_at: stage.clock.now(),
            comes_at: stage.clock.now(),
            gone_at: None,
        };
        let hello = Hello { ticket: None, instance: Some(instance(number)), ..Stage::hello(&some, Vec::new()) };
        service.connect(&name, hello).await.unwrap()
    };
    let _open = tokio::join!(come(1), come(2));
    let launches = service.inner.fleets.launches.of(&Stage::name());
    let joined: Vec<&str> = launches.iter().map(|launch| launch.agent.as_str()).collect();
    assert_eq!(
        joined,
        ["host-1", "host-2"],
        "whose launch is another's lives on an instance of nobody, which is ended"
    );
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_comes_back_while_its_instance_is_given_up_loses_no_build() {
    let mut stage = Stage::set(Policy { max: 1, ..policy() }).await;
    let (agent, token) = stage.offer_to_new().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    stage.finishes(&agent, token).await;
    let instance = stage.place.running().into_values().next().unwrap();
    stage.agents.clear();
    stage.pass(59).await;
    stage.rig.submit("app").await;
    // Reading what is stored of its builds takes long enough for it to come back and be given one.
    stage.flawed.whole_read_ms.store(2_000, Ordering::SeqCst);
    let before = stage.flawed.whole_reads.load(Ordering::SeqCst);
    while stage.flawed.whole_reads.load(Ordering::SeqCst) == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut back = stage.join(&instance, Vec::new()).await.unwrap();
    stage.pass(5).await;
    let offered = back.messages.try_recv().is_ok_and(|message| matches!(message, ToAgent::Offer { .. }));
    let runs = |one: &FakeInstance| one.launch.ticket == instance.launch.ticket && one.gone_at.is_none();
    let runs_on = stage.place.running().values().any(runs);
    assert!(runs_on || !offered, "an instance was ended whose agent had a build: {:?}", stage.history().await);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_cannot_be_read_keeps_no_fleet_from_growing() {
    let mut stage = Stage::set(policy()).await;
    let (first, token) = stage.offer_to_new().await;
    stage.flawed.damage(&token.build);
    let launch = stage.rig.service.inner.fleets.launches.of_agent(&first).unwrap();
    let leaving = LaunchRecord { leaving_since: Some(stage.clock.now()), ..launch };
    stage.rig.service.keep_launches(&[leaving], &[]).await.unwrap();
    stage.rig.submit("other").await;
    stage.live(5).await;
    assert_eq!(stage.place.started(), 2, "{:?}", stage.rig.service.fleet_standings());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_does_not_end_keeps_no_fleet_from_growing() {
    let mut stage = Stage::set(policy()).await;
    let (agent, token) = stage.offer_to_new().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    stage.finishes(&agent, token).await;
    stage.place.misbehave(Mischief { ends_nothing: true, ..Mischief::default() });
    stage.live(40).await;
    assert!(stage.kinds().await.contains(&FleetEventKind::Terminated), "{:?}", stage.history().await);
    stage.rig.submit("app").await;
    stage.live(3).await;
    assert_eq!(stage.place.started(), 2, "a build waits, and there is room for one more");
    stage.place.misbehave(Mischief::default());
    stage.live(70).await;
    assert!(stage.place.running().len() <= 1, "it is told again to end");
}

#[tokio::test(start_paused = true)]
async fn the_plan_knows_when_builds_end_and_what_came_without_having_to_wait() {
    let mut stage = Stage::set(policy()).await;
    let fleet = Stage::name();
    let (agent, token) = stage.offer_to_new().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    assert_eq!(stage.rig.service.present_in(&fleet)[0].endings, [], "nobody knows how long builds of the project take");
    stage.live(7).await;
    stage.finishes(&agent, token).await;
    let freed = stage.rig.service.present_in(&fleet)[0].freed_at;
    assert_eq!(freed, Some(stage.clock.now()));
    stage.pass(1).await;
    let second = stage.rig.submit("app").await;
    let (_, token) = stage.offer().await;
    assert_eq!(token.build, second);
    let ends = stage.rig.service.present_in(&fleet)[0].endings[0].at;
    assert!((6..=9).contains(&ends.since(stage.clock.now()).as_secs()), "{ends:?}");
    let now = stage.clock.now();
    assert_eq!(stage.rig.service.inner.load.arrivals(&fleet, now).len(), 2, "the second found a free slot");
    assert_eq!(stage.rig.service.inner.load.arrivals(&fleet, now.plus(Duration::from_secs(700))).len(), 0);
}
