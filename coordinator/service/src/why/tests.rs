use crate::Service;
use crate::testing::{Flawed, Rig, RuntimeClock, TestAgent};
use crate::tests::finish;
use buildyard_model::{BuildId, Outcome, WaitReason};
use buildyard_scheduler::{Event, Report};
use buildyard_store::{Builds, Draft};
use std::sync::Arc;
use std::time::Duration;

async fn rig() -> (Rig, Arc<Flawed>) {
    let store = Arc::new(Flawed::default());
    let rig = Rig::start_on(store.clone(), Arc::new(RuntimeClock::start()), |_| {}).await;
    (rig, store)
}

async fn accept(rig: &Rig, agent: &mut TestAgent) -> buildyard_model::LeaseToken {
    let token = agent.offer().await;
    rig.service.heard(&agent.name, &token, Event::Accept { token: token.clone() }).await.unwrap();
    token
}

async fn fault(rig: &Rig, agent: &mut TestAgent) {
    let token = accept(rig, agent).await;
    let report = Report {
        outcome: Outcome::Fault,
        phases: vec![],
        exported: vec![],
        artifacts: vec![],
        log_bytes: 0,
        reason: Some("the disk is broken".into()),
        retry_limit: 0,
    };
    rig.service.heard(&agent.name, &token, Event::Finish { token: token.clone(), report }).await.unwrap();
}

/// The build that is offered next, however long that takes, and how long it took. The agent gives signs of life.
async fn next_offer(rig: &Rig, agent: &mut TestAgent) -> (BuildId, Duration) {
    let began = tokio::time::Instant::now();
    while began.elapsed() < Duration::from_secs(100) {
        match tokio::time::timeout(Duration::from_secs(5), agent.messages.recv()).await {
            Ok(Some(crate::ToAgent::Offer { token, .. })) => return (token.build, began.elapsed()),
            Ok(other) => panic!("expected an offer, got {other:?}"),
            Err(_) => rig.service.heartbeat(&agent.name, ""),
        }
    }
    panic!("no offer came")
}

async fn text(service: &Service, build: &BuildId) -> String {
    service.why(build).await.unwrap().text
}

#[tokio::test(start_paused = true)]
async fn a_crowd_does_not_hold_up_another_projects_build() {
    let (rig, _) = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    for _ in 0..200 {
        rig.submit("crowd").await;
    }
    let token = accept(&rig, &mut agent).await;
    let lone = rig.submit("lone").await;
    tokio::time::advance(Duration::from_secs(7)).await;
    finish(&rig, &agent.name, &token, 0).await;
    assert_eq!(agent.offer().await.build, lone);
}

#[tokio::test(start_paused = true)]
async fn a_build_tells_where_it_is_at_every_stage() {
    let (rig, _) = rig().await;
    let build = rig.submit("app").await;
    let why = rig.service.why(&build).await.unwrap();
    assert_eq!(
        (why.waits, why.text.as_str(), &why.reasons[..]),
        (true, "no agent is connected", &[WaitReason::NoAgent][..])
    );
    assert_eq!((why.unblocks.len(), why.estimate), (1, None));
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let token = agent.offer().await;
    assert_eq!(text(&rig.service, &build).await, "it has been offered to agent a1");
    rig.service.heard(&agent.name, &token, Event::Accept { token: token.clone() }).await.unwrap();
    assert_eq!(text(&rig.service, &build).await, "it runs on agent a1");
    let next = rig.submit("app").await;
    let last = rig.submit("app").await;
    assert_eq!(text(&rig.service, &next).await, "agent a1 is full");
    let behind = "agent a1 is full; 1 build waits before this one; project app has 1 of 1 slots in use";
    assert_eq!(text(&rig.service, &last).await, behind);
    assert_eq!(rig.service.build(&last).await.unwrap().reason.as_deref(), Some(behind), "show says the same");
    finish(&rig, &agent.name, &token, 0).await;
    assert_eq!(text(&rig.service, &build).await, "it ended as SUCCEEDED on agent a1");
    rig.service.stop(&last).await.unwrap();
    assert_eq!(text(&rig.service, &last).await, "it ended as STOPPED without having run");
}

#[tokio::test(start_paused = true)]
async fn estimates_come_from_what_builds_took_and_are_scored() {
    let (rig, _) = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    for _ in 0..10 {
        rig.submit("app").await;
        let token = accept(&rig, &mut agent).await;
        rig.service.heartbeat(&agent.name, "");
        tokio::time::advance(Duration::from_secs(20)).await;
        finish(&rig, &agent.name, &token, 0).await;
    }
    assert_eq!(rig.service.estimate_score(), None, "what need not wait proves nothing");
    rig.submit("app").await;
    let token = accept(&rig, &mut agent).await;
    let build = rig.submit("app").await;
    rig.service.heartbeat(&agent.name, "");
    tokio::time::advance(Duration::from_secs(5)).await;
    let estimate = rig.service.why(&build).await.unwrap().estimate.unwrap();
    let wait = estimate.expected.since(rig.service.now());
    assert!((14..=16).contains(&wait.as_secs()), "{wait:?}");
    assert_eq!(estimate.from_builds, 10);
    tokio::time::advance(Duration::from_secs(15)).await;
    finish(&rig, &agent.name, &token, 0).await;
    agent.offer().await;
    let score = rig.service.estimate_score().unwrap();
    assert_eq!((score.scored, score.inside_percent), (1, 100));
    assert!(score.median_error_millis < 1000, "{score:?}");
    let text = rig.service.metrics_text().await;
    for line in ["buildyard_estimates_scored{} 1.0", "buildyard_estimates_inside_ratio{} 1.0"] {
        assert!(text.lines().any(|one| one == line), "{line} in:\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_on_which_builds_fault_in_a_row_rests_and_is_told_of() {
    let (rig, _) = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    for _ in 0..5 {
        rig.submit("app").await;
        fault(&rig, &mut agent).await;
    }
    let build = rig.submit("app").await;
    let why = text(&rig.service, &build).await;
    assert!(why.starts_with("no agent that fits takes builds now: a1 rests until "), "{why}");
    let views = rig.service.agents().await.unwrap();
    assert!(views[0].reason.as_ref().unwrap().contains("5 builds in a row ended there in FAULT"), "{views:?}");
    let mut other = rig.connect("a2", 1, vec![]).await;
    let token = accept(&rig, &mut other).await;
    assert_eq!(token.build, build, "others go on");
    finish(&rig, &other.name, &token, 0).await;
    drop(other.end);
    let next = rig.submit("app").await;
    let (offered, rested) = next_offer(&rig, &mut agent).await;
    assert_eq!(offered, next);
    assert!((55..=62).contains(&rested.as_secs()), "{rested:?}");
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_the_store_is_found_at_the_start_and_by_comparing() {
    let (first, store) = rig().await;
    let waited = first.submit("app").await;
    let spec = first.service.load(&waited).await.unwrap().spec;
    drop(first);
    let rig = Rig::start_on(store.clone(), Arc::new(RuntimeClock::start()), |_| {}).await;
    let mut agent = rig.connect("a1", 2, vec![]).await;
    assert_eq!(accept(&rig, &mut agent).await.build, waited);
    // Made behind the coordinator's back.
    let mut draft = Draft { spec, idempotency: None, outbox_entry: None, limit: None };
    draft.spec.id = "app:00000000-0000-0000-0000-000000000002".parse().unwrap();
    let unheard = store.create(draft).await.unwrap().build.spec.id;
    let (offered, after) = next_offer(&rig, &mut agent).await;
    assert_eq!(offered, unheard);
    assert!(after < Duration::from_secs(40), "{after:?}");
}
