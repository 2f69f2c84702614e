use crate::testing::{CLIENT_TOKEN, JOIN_TOKEN, Rig};
use crate::{Kind, ToAgent};
use buildyard_model::{AgentId, AgentStatus, BuildStatus, LeaseToken, Outcome, Submission};
use buildyard_scheduler::{Event, Report};
use std::time::Duration;

pub(crate) async fn finish(rig: &Rig, agent: &AgentId, token: &LeaseToken, log_bytes: u64) {
    let report = Report {
        outcome: Outcome::Succeeded,
        phases: vec![],
        exported: vec![],
        artifacts: vec![],
        log_bytes,
        reason: None,
        retry_limit: 0,
    };
    rig.service.heard(agent, token, Event::Finish { token: token.clone(), report }).await.unwrap();
}

#[tokio::test]
async fn builds_are_offered_in_order_as_slots_become_free() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let mut builds = Vec::new();
    for _ in 0..5 {
        builds.push(rig.submit("p1").await);
    }
    for build in &builds {
        let token = agent.offer().await;
        assert_eq!(token.build, *build);
        finish(&rig, &agent.name, &token, 0).await;
        assert_eq!(rig.service.build(build).await.unwrap().build_status, BuildStatus::Succeeded);
    }
}

#[tokio::test]
async fn a_late_agent_is_told_to_revoke() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let build = rig.submit("p1").await;
    let token = agent.offer().await;
    rig.service.stop(&build).await.unwrap();
    assert!(matches!(agent.message().await, ToAgent::Stop { .. }));
    rig.service.apply(&build, Event::StopExpired).await.unwrap();
    assert!(matches!(agent.message().await, ToAgent::Revoke { .. }));
    finish(&rig, &agent.name, &token, 0).await;
    assert!(matches!(agent.message().await, ToAgent::Revoke { .. }));
    assert_eq!(rig.service.build(&build).await.unwrap().build_status, BuildStatus::Stopped);
}

#[tokio::test]
async fn a_stop_with_nobody_to_tell_is_final_at_once() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let build = rig.submit("p1").await;
    let token = agent.offer().await;
    rig.service.heard(&agent.name, &token, Event::Accept { token: token.clone() }).await.unwrap();
    drop(agent.end);
    assert_eq!(rig.service.stop(&build).await.unwrap().build_status, BuildStatus::Stopped);
    // Back again, the agent hears that its lease is over.
    let mut agent = rig.connect("a1", 1, vec![token.clone()]).await;
    assert!(matches!(agent.message().await, ToAgent::Revoke { token: revoked, .. } if revoked == token));
}

#[tokio::test]
async fn what_an_agent_forgot_is_queued_again_if_no_command_ran() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let first = agent.offer().await;
    rig.service.heard(&agent.name, &first, Event::Accept { token: first.clone() }).await.unwrap();
    drop(agent.end);
    let mut agent = rig.connect("a1", 1, vec![]).await;
    assert!(matches!(agent.message().await, ToAgent::Revoke { token, .. } if token == first));
    let second = agent.offer().await;
    assert_eq!(second.build, first.build);
    assert!(second.epoch > first.epoch);
}

#[tokio::test]
async fn an_offer_lost_on_the_way_is_made_again() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let token = agent.offer().await;
    drop(agent.end);
    let mut agent = rig.connect("a1", 1, vec![]).await;
    assert_eq!(agent.offer().await, token);
}

#[tokio::test]
async fn a_draining_agent_is_given_nothing() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let view = rig.service.drain(&agent.name, true).await.unwrap();
    assert_eq!(view.status, AgentStatus::Draining);
    assert_eq!(agent.message().await, ToAgent::Drain(true));
    rig.submit("p1").await;
    rig.service.drain(&agent.name, false).await.unwrap();
    assert_eq!(agent.message().await, ToAgent::Drain(false));
    agent.offer().await;
}

#[tokio::test]
async fn a_declined_build_goes_to_another_agent() {
    let rig = Rig::start().await;
    let mut first = rig.connect("a1", 1, vec![]).await;
    let build = rig.submit("p1").await;
    let token = first.offer().await;
    let mut second = rig.connect("b2", 1, vec![]).await;
    rig.service
        .heard(&first.name, &token, Event::Decline { token: token.clone(), reason: "full".into() })
        .await
        .unwrap();
    assert_eq!(second.offer().await.build, build);
}

#[tokio::test]
async fn names_and_tokens_are_guarded() {
    let rig = Rig::start().await;
    let name: AgentId = "a1".parse().unwrap();
    assert_eq!(rig.service.enroll(&name, "guess", "").await.unwrap_err().kind, Kind::Denied);
    let credential = rig.service.enroll(&name, JOIN_TOKEN, "").await.unwrap();
    assert_eq!(rig.service.enroll(&name, JOIN_TOKEN, "").await.unwrap_err().kind, Kind::Conflict);
    assert_eq!(rig.service.enroll(&name, "", &credential).await.unwrap(), credential);
    assert_eq!(rig.service.admit_agent(&credential).await.unwrap(), name);
    assert_eq!(rig.service.admit_agent("a1.guess").await.unwrap_err().kind, Kind::Denied);
    assert_eq!(rig.service.admit_agent("nobody.guess").await.unwrap_err().kind, Kind::Denied);
    rig.service.admit_client(CLIENT_TOKEN).unwrap();
    assert_eq!(rig.service.admit_client("guess").unwrap_err().kind, Kind::Denied);
}

#[tokio::test]
async fn a_watch_shows_each_change_and_ends_with_the_build() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let build = rig.submit("p1").await;
    let mut watch = rig.service.watch(&build);
    assert!(!watch.next().await.unwrap().unwrap().build_complete);
    let token = agent.offer().await;
    finish(&rig, &agent.name, &token, 0).await;
    let mut last = None;
    while let Some(view) = tokio::time::timeout(Duration::from_secs(5), watch.next()).await.unwrap().unwrap() {
        last = Some(view);
    }
    assert!(last.unwrap().build_complete);
}

#[tokio::test]
async fn a_short_id_must_name_one_build() {
    let rig = Rig::start().await;
    let build = rig.submit("p1").await;
    let uuid = build.uuid().to_string();
    for text in [build.to_string(), uuid.clone(), uuid[..8].to_owned(), format!("p1:{}", &uuid[..8])] {
        assert_eq!(rig.service.resolve(&text).await.unwrap(), build, "{text}");
    }
    assert_eq!(rig.service.resolve("p2:0").await.unwrap_err().kind, Kind::NotFound);
    for bad in ["", "zz", "p1:", "p1:%"] {
        assert_eq!(rig.service.resolve(bad).await.unwrap_err().kind, Kind::Invalid, "{bad}");
    }
}

#[tokio::test]
async fn secondary_artifacts_without_a_bucket_go_beside_the_primary_ones() {
    let rig = Rig::start().await;
    let text = r#"{"source":{"type":"S3","location":"sources/k.zip"},"environment":{"image":"x"},"secondaryArtifacts":[
        {"type":"S3","artifactIdentifier":"docs","name":"docs"},
        {"type":"S3","artifactIdentifier":"zip","name":"zip","packaging":"ZIP"},
        {"type":"S3","artifactIdentifier":"own","name":"n","location":"bucket","path":"p"}]}"#;
    let submission: Submission = serde_json::from_str(text).unwrap();
    let build = rig.service.submit(&"p1".parse().unwrap(), submission, None).await.unwrap();
    let spec = rig.service.load(&build.id).await.unwrap().spec;
    let uuid = spec.id.uuid().to_string();
    let keys: Vec<_> = std::iter::once(&spec.artifacts)
        .chain(&spec.secondary_artifacts)
        .map(|spec| format!("{}/{}", spec.location, spec.key(&uuid, &spec.name, "")))
        .collect();
    let own = &spec.artifacts.location;
    let expected = [format!("{own}/p1/{uuid}"), format!("{own}/p1/docs/{uuid}"), format!("{own}/p1/zip/{uuid}/zip")];
    assert_eq!(keys[..3], expected);
    assert_eq!(keys[3], "bucket/p/n");
}

#[tokio::test]
async fn what_cannot_be_built_is_refused_when_it_is_submitted() {
    let rig = Rig::start().await;
    let project = "p1".parse().unwrap();
    let texts = [
        r#"{"source":{"type":"GIT","location":"--upload-pack=x"},"environment":{"image":"x"}}"#,
        r#"{"source":{"type":"GIT","location":"ext::sh -c id"},"environment":{"image":"x"}}"#,
        r#"{"source":{"type":"GIT","location":"https://h/x.git"},"environment":{"image":""}}"#,
        r#"{"source":{"type":"GIT","location":"https://h/x.git"},"environment":{"image":"-v"}}"#,
        r#"{"source":{"type":"NO_SOURCE"},"environment":{"image":"x"}}"#,
        r#"{"source":{"type":"GIT","location":"https://h/x.git","version":"--output=x"},"environment":{"image":"x"}}"#,
        r#"{"source":{"type":"GIT","location":"https://h/x.git"},"environment":{"image":"x","environmentVariables":[{"name":"CODEBUILD_X","value":"1"}]}}"#,
        r#"{"source":{"type":"GIT","location":"https://h/x.git"},"environment":{"image":"x"},"timeoutSeconds":0}"#,
        r#"{"source":{"type":"GIT","location":"https://h/x.git"},"environment":{"image":"x"},"artifacts":{"type":"S3","location":"b/../c"}}"#,
    ];
    for text in texts {
        let submission: Submission = serde_json::from_str(text).unwrap();
        let refused = rig.service.submit(&project, submission, None).await;
        assert_eq!(refused.unwrap_err().kind, Kind::Invalid, "{text}");
    }
}

#[tokio::test]
async fn a_waiting_build_says_why() {
    let rig = Rig::start().await;
    let first = rig.submit("p1").await;
    let reason = async |build| rig.service.build(build).await.unwrap().reason;
    assert_eq!(reason(&first).await.as_deref(), Some("no agent is connected"));
    let mut agent = rig.connect("a1", 1, vec![]).await;
    agent.offer().await;
    let (second, third) = (rig.submit("p1").await, rig.submit("p1").await);
    assert_eq!(reason(&first).await, None);
    assert_eq!(reason(&second).await.as_deref(), Some("agent a1 is full"));
    let behind = "agent a1 is full; 1 build waits before this one; project p1 has 1 of 1 slots in use";
    assert_eq!(reason(&third).await.as_deref(), Some(behind));
    rig.service.heartbeat(&agent.name, "the disk is full");
    let listed = rig.service.builds(&buildyard_store::ListQuery { limit: 9, ..Default::default() }).await.unwrap();
    let reasons: Vec<_> = listed.iter().map(|view| view.reason.as_deref()).collect();
    let unhealthy = Some("no agent that fits takes builds now: a1 is unhealthy: the disk is full");
    assert_eq!(reasons, [unhealthy, unhealthy, None]);
}
