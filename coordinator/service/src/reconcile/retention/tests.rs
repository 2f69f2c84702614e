use super::*;
use crate::testing::{Hands, Rig, RuntimeClock, TestAgent};
use crate::{FinishedUpload, Retention};
use buildyard_blobs::Objects;
use buildyard_model::{BuildId, LeaseToken, LogChunk, Outcome, Submission};
use buildyard_scheduler::{Event, Report};
use bytes::Bytes;
use std::sync::Arc;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Logs are kept for 30 days, sources for 7. However far the clock is set forward, nobody is lost for it.
async fn rig() -> (Rig, Arc<Hands>) {
    let clock = Arc::new(Hands::still());
    let rig = Rig::start_on(Arc::new(buildyard_store::Memory::default()), clock.clone(), |settings| {
        settings.retention = Retention { logs: Some(30 * DAY), sources: Some(7 * DAY) };
        settings.timings.lost_after = 10_000 * DAY;
        settings.timings.accept_within = 10_000 * DAY;
    })
    .await;
    (rig, clock)
}

fn keys(rig: &Rig, prefix: &str) -> Vec<String> {
    rig.blobs.keys("system").into_iter().filter(|key| key.starts_with(prefix)).collect()
}

/// Uploads a source, and gives its location.
async fn source(rig: &Rig) -> String {
    let (_, location) = rig.service.prepare_source().await.unwrap();
    let key = location.strip_prefix("system/").unwrap();
    rig.blobs.put("system", key, Bytes::from_static(b"zip")).await.unwrap();
    location
}

async fn submit(rig: &Rig, location: &str) {
    let text = format!(
        r#"{{"source":{{"type":"S3","location":"{location}"}},"buildspec":{{"inline":"version: 0.2"}},"environment":{{"image":"x"}},"timeoutSeconds":129600}}"#
    );
    let submission: Submission = serde_json::from_str(&text).unwrap();
    rig.service.submit(&"p1".parse().unwrap(), submission, None).await.unwrap();
}

async fn accepted(rig: &Rig, agent: &mut TestAgent) -> LeaseToken {
    let token = agent.offer().await;
    rig.service.heard(&agent.name, &token, Event::Accept { token: token.clone() }).await.unwrap();
    token
}

async fn log(rig: &Rig, agent: &TestAgent, token: &LeaseToken, flushes: u64) {
    let mut sink = rig.service.append_log(&agent.name, token).await.unwrap();
    for offset in 0..flushes {
        let chunk = LogChunk { offset, time: rig.service.now(), bytes: b"x".to_vec() };
        sink.push(&chunk, true).await.unwrap();
    }
    while sink.busy() {
        sink.stored().await.unwrap();
    }
}

async fn end(rig: &Rig, agent: &TestAgent, token: &LeaseToken, retry_limit: u32) {
    let report = Report {
        outcome: Outcome::Failed,
        phases: vec![],
        exported: vec![],
        artifacts: vec![],
        log_bytes: 5,
        reason: None,
        retry_limit,
    };
    rig.service.heard(&agent.name, token, Event::Finish { token: token.clone(), report }).await.unwrap();
}

#[tokio::test]
async fn a_log_goes_some_time_after_its_builds_end_and_says_so() {
    let (rig, clock) = rig().await;
    let mut agent = rig.connect("a1", 2, vec![]).await;
    let (ended, running) = (rig.submit("p1").await, rig.submit("p1").await);
    for _ in 0..2 {
        let token = accepted(&rig, &mut agent).await;
        log(&rig, &agent, &token, 5).await;
        if token.build == ended {
            end(&rig, &agent, &token, 0).await;
        }
    }
    // A build may not run for a month; nobody looks after it any more.
    rig.shutdown.cancel();
    let left = || {
        let of = |build: &BuildId| keys(&rig, &format!("logs/{}", build.uuid())).len();
        (of(&ended), of(&running))
    };
    clock.forward(30 * DAY - HOUR);
    assert_eq!((logs::round(&rig.service, 30 * DAY).await.unwrap(), left()), (0, (5, 5)));
    clock.forward(HOUR);
    assert_eq!((logs::round(&rig.service, 30 * DAY).await.unwrap(), left()), (5, (0, 5)));
    let gone = rig.service.read_log(&ended, 0, true).next().await.unwrap_err();
    assert_eq!(gone.kind, crate::Kind::NotFound);
    assert!(gone.message.contains("was removed: this coordinator keeps logs for 720 hours"), "{gone}");
}

#[tokio::test]
async fn a_source_goes_a_week_after_the_last_build_that_names_it() {
    let (rig, clock) = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let (used, orphan) = (source(&rig).await, source(&rig).await);
    submit(&rig, &used).await;
    let first = accepted(&rig, &mut agent).await;
    clock.forward(3 * HOUR);
    // It fails and asks for another try, which reads the same source and ends a day later.
    end(&rig, &agent, &first, 1).await;
    let second = accepted(&rig, &mut agent).await;
    assert_ne!(second.build, first.build);
    clock.forward(DAY);
    end(&rig, &agent, &second, 1).await;
    let removed = async || sources::round(&rig.service, 7 * DAY).await.unwrap();
    clock.forward(6 * DAY - 4 * HOUR);
    assert_eq!((removed().await, keys(&rig, "sources/").len()), (0, 2), "nothing is a week old");
    clock.forward(HOUR);
    assert_eq!(removed().await, 1);
    assert_eq!(keys(&rig, "sources/"), [used.strip_prefix("system/").unwrap()], "nobody ever named {orphan}");
    clock.forward(26 * HOUR);
    assert_eq!(removed().await, 0, "the retry ended a day after the first build");
    clock.forward(HOUR);
    assert_eq!((removed().await, keys(&rig, "sources/").len()), (1, 0));
}

#[tokio::test]
async fn a_source_stays_for_a_retry_that_is_not_there_yet() {
    let (rig, clock) = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    submit(&rig, &source(&rig).await).await;
    let token = accepted(&rig, &mut agent).await;
    // The outbox stands still: the failure is stored, the retry that it asks for is not made.
    rig.shutdown.cancel();
    end(&rig, &agent, &token, 1).await;
    clock.forward(70 * DAY);
    assert_eq!(sources::round(&rig.service, 7 * DAY).await.unwrap(), 0);
    assert_eq!(keys(&rig, "sources/").len(), 1);
}

#[tokio::test]
async fn what_is_not_ours_stays() {
    let (rig, clock) = rig().await;
    let stranger = Uuid::from_u128(1);
    let foreign = [
        format!("logs/{stranger}/00000001/0-5"),
        "logs/readme".to_owned(),
        "sources/mine.zip".to_owned(),
        format!("sources/{stranger}.zip"),
        format!("uploads/{stranger}.1/commit"),
        "uploads/x".to_owned(),
    ];
    for key in &foreign {
        rig.blobs.put("system", key, Bytes::new()).await.unwrap();
    }
    clock.forward(1000 * DAY);
    let service = &rig.service;
    for removed in
        [logs::round(service, HOUR).await, sources::round(service, HOUR).await, uploads::round(service).await]
    {
        assert_eq!(removed.unwrap(), 0);
    }
    assert_eq!(rig.blobs.keys("system").len(), foreign.len());
}

#[tokio::test]
async fn records_of_uploads_that_nobody_ended_go_with_their_uploads() {
    let (rig, clock) = rig().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let token = agent.offer().await;
    rig.shutdown.cancel();
    end(&rig, &agent, &token, 0).await;
    // As a crash between the check of the lease and the record would leave it.
    let key = format!("p1/{}/x", token.build.uuid());
    let upload_id = buildyard_blobs::Transfers::begin_upload(&*rig.blobs, "artifacts", &key, &[]).await.unwrap();
    let begun = vec![FinishedUpload { bucket: "artifacts".into(), key, upload_id, etags: vec![] }];
    let record = format!("uploads/{}/begun/1", token.slug());
    rig.blobs.put("system", &record, serde_json::to_vec(&begun).unwrap().into()).await.unwrap();
    clock.forward(DAY - HOUR);
    assert_eq!(uploads::round(&rig.service).await.unwrap(), 0);
    assert_eq!((keys(&rig, "uploads/").len(), rig.blobs.uploads()), (1, 1));
    clock.forward(HOUR);
    assert_eq!(uploads::round(&rig.service).await.unwrap(), 1);
    assert_eq!((keys(&rig, "uploads/").len(), rig.blobs.uploads()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_rounds_come_by_themselves() {
    let store = Arc::new(buildyard_store::Memory::default());
    let rig = Rig::start_on(store, Arc::new(RuntimeClock::start()), |settings| {
        settings.retention.sources = Some(HOUR);
    })
    .await;
    source(&rig).await;
    tokio::time::sleep(HOUR - Duration::from_secs(60)).await;
    assert_eq!(keys(&rig, "sources/").len(), 1);
    tokio::time::sleep(HOUR + Duration::from_secs(120)).await;
    assert_eq!(keys(&rig, "sources/").len(), 0);
}
