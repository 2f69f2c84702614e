use crate::testing::{Flawed, Rig, RuntimeClock, TestAgent};
use crate::{Settings, ToAgent};
use buildyard_model::{BuildId, BuildStatus, LeaseToken, Submission};
use buildyard_scheduler::Event;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

async fn rig() -> (Rig, Arc<Flawed>) {
    let store = Arc::new(Flawed::default());
    let rig = Rig::start_on(store.clone(), Arc::new(RuntimeClock::start()), |_: &mut Settings| {}).await;
    (rig, store)
}

async fn submit(rig: &Rig, queued_timeout_seconds: u64) -> BuildId {
    let text = r#"{"source":{"type":"NO_SOURCE"},"buildspec":{"inline":"version: 0.2\nphases: {}"},"environment":{"image":"x"}}"#;
    let mut submission: Submission = serde_json::from_str(text).unwrap();
    submission.queued_timeout_seconds = Some(queued_timeout_seconds);
    rig.service.submit(&"p1".parse().unwrap(), submission, None).await.unwrap().id
}

async fn accepted(rig: &Rig, agent: &mut TestAgent) -> LeaseToken {
    let token = agent.offer().await;
    rig.service.heard(&agent.name, &token, Event::Accept { token: token.clone() }).await.unwrap();
    token
}

/// The build as soon as it is complete; time flies.
async fn status(rig: &Rig, build: &BuildId) -> BuildStatus {
    let mut watch = rig.service.watch(build);
    let mut last = BuildStatus::InProgress;
    while let Ok(next) = tokio::time::timeout(Duration::from_secs(3600), watch.next()).await {
        let Some(view) = next.unwrap() else { break };
        last = view.build_status;
    }
    last
}

#[tokio::test(start_paused = true)]
async fn a_build_that_cannot_be_read_does_not_hold_up_those_that_waited_too_long() {
    let (rig, store) = rig().await;
    let builds = [submit(&rig, 5).await, submit(&rig, 6).await, submit(&rig, 7).await];
    store.damage(&builds[0]);
    for build in &builds[1..] {
        assert_eq!(status(&rig, build).await, BuildStatus::TimedOut);
    }
}

#[tokio::test(start_paused = true)]
async fn a_build_that_cannot_be_read_does_not_hold_up_those_of_lost_agents() {
    let (rig, store) = rig().await;
    let mut agent = rig.connect("a1", 3, vec![]).await;
    let mut builds = Vec::new();
    for _ in 0..3 {
        rig.submit("p1").await;
        let token = accepted(&rig, &mut agent).await;
        // A command may have run, so that the loss is final.
        let progress = Event::Progress {
            token: token.clone(),
            phases: vec![],
            commands_started: true,
            image_digest: None,
            resolved_source_version: None,
        };
        rig.service.heard(&agent.name, &token, progress).await.unwrap();
        builds.push(token.build);
    }
    // Whichever comes first in the reconciler's order, one of the others comes behind it.
    store.damage(&builds[1]);
    drop(agent.end);
    for build in [&builds[0], &builds[2]] {
        assert_eq!(status(&rig, build).await, BuildStatus::Fault);
    }
}

#[tokio::test(start_paused = true)]
async fn a_build_that_cannot_be_read_does_not_keep_the_only_slot_from_others() {
    let (rig, store) = rig().await;
    let first = submit(&rig, 3600).await;
    let second = submit(&rig, 3600).await;
    store.damage(&first);
    let mut agent = rig.connect("a1", 1, vec![]).await;
    assert_eq!(agent.offer().await.build, second);
}

#[tokio::test(start_paused = true)]
async fn effects_that_fail_hold_up_no_others_however_many_they_are() {
    use buildyard_scheduler::Effect;
    use buildyard_store::{Builds, Outbox};
    let (rig, store) = rig().await;
    let [broken, ended] = [submit(&rig, 3600).await, submit(&rig, 3600).await];
    store.damage(&broken);
    rig.service.stop(&ended).await.unwrap();
    let retry = Effect::Retry { of: broken.clone(), number: 1 };
    let mut effects = vec![retry.clone(); 150];
    effects.push(Effect::DropLogs { build: ended.clone() });
    store.sound.remove(&ended, &effects).await.unwrap();
    tokio::time::sleep(Duration::from_secs(15)).await;
    let left = store.pending(0, 1000).await.unwrap();
    assert_eq!(left.len(), 150);
    assert!(left.iter().all(|entry| entry.effect == retry), "the one behind them is done");
}

#[tokio::test(start_paused = true)]
async fn active_builds_are_not_read_whole_every_second() {
    let (rig, store) = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let token = accepted(&rig, &mut agent).await;
    let before = store.whole_reads.load(Ordering::SeqCst);
    for _ in 0..300 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        rig.service.heartbeat(&agent.name, "");
    }
    let reads = store.whole_reads.load(Ordering::SeqCst) - before;
    assert!((1..=11).contains(&reads), "{reads} reads in 300 s");
    assert_eq!(rig.service.load(&token.build).await.unwrap().state.name(), "running");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_not_heard_of_is_found_in_the_store() {
    let (rig, store) = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let token = accepted(&rig, &mut agent).await;
    // Another coordinator's stop: nothing is noted here, and nobody confirms it.
    let build = rig.service.load(&token.build).await.unwrap();
    let step = buildyard_scheduler::apply(&build, Event::Stop, rig.service.now()).unwrap();
    buildyard_store::Builds::commit(&store.sound, &step).await.unwrap();
    let revoked = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            rig.service.heartbeat(&agent.name, "");
            if let Ok(message) = agent.messages.try_recv() {
                return message;
            }
        }
    };
    let message = tokio::time::timeout(Duration::from_secs(120), revoked).await.unwrap();
    assert!(matches!(message, ToAgent::Revoke { token: revoked, .. } if revoked == token));
}
