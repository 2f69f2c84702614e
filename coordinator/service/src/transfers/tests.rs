use crate::testing::{Rig, TestAgent};
use crate::{FinishedUpload, Kind, UploadRequest};
use buildyard_model::LeaseToken;

async fn leased() -> (Rig, TestAgent, LeaseToken) {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.submit("p1").await;
    let token = agent.offer().await;
    (rig, agent, token)
}

fn file(token: &LeaseToken, name: &str) -> UploadRequest {
    UploadRequest { bucket: "artifacts".into(), key: format!("p1/{}/{name}", token.build.uuid()), size_bytes: 3 }
}

async fn upload(rig: &Rig, agent: &TestAgent, token: &LeaseToken, names: &[&str]) {
    for (batch, name) in names.iter().enumerate() {
        let request = file(token, name);
        let opened = rig.service.begin_uploads(&agent.name, token, std::slice::from_ref(&request)).await.unwrap();
        let finished = FinishedUpload {
            bucket: request.bucket,
            key: request.key,
            upload_id: opened[0].upload_id.clone(),
            etags: vec![(*name).to_owned()],
        };
        rig.service.finish_uploads(&agent.name, token, batch as u32, vec![finished]).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_visible_before_the_commit_and_all_after() {
    let (rig, agent, token) = leased().await;
    upload(&rig, &agent, &token, &["a", "b", "c"]).await;
    assert!(rig.blobs.keys("artifacts").is_empty());
    rig.service.commit_uploads(&agent.name, &token, 3).await.unwrap();
    assert_eq!(rig.blobs.keys("artifacts").len(), 3);
    rig.service.commit_uploads(&agent.name, &token, 3).await.expect("a repetition is answered the same");
}

#[tokio::test]
async fn a_commit_that_was_begun_is_ended_and_other_uploads_are_dropped() {
    let (rig, agent, token) = leased().await;
    upload(&rig, &agent, &token, &["a", "b"]).await;
    // Opened, never finished: the agent began again after a crash.
    rig.service.begin_uploads(&agent.name, &token, &[file(&token, "a")]).await.unwrap();
    rig.service.put_commit_record_for_test(&token, 2).await;
    rig.service.drop_uploads(&token).await.unwrap();
    assert_eq!(rig.blobs.keys("artifacts").len(), 2);
    assert_eq!(rig.blobs.uploads(), 0);
    assert!(rig.blobs.keys("system").is_empty(), "records stay behind: {:?}", rig.blobs.keys("system"));
}

#[tokio::test]
async fn without_a_commit_everything_is_dropped() {
    let (rig, agent, token) = leased().await;
    upload(&rig, &agent, &token, &["a", "b", "c", "d"]).await;
    rig.service.drop_uploads(&token).await.unwrap();
    assert!(rig.blobs.keys("artifacts").is_empty());
    assert_eq!(rig.blobs.uploads(), 0);
    assert!(rig.blobs.keys("system").is_empty());
}

#[tokio::test]
async fn a_build_writes_only_where_its_artifacts_go() {
    let (rig, agent, token) = leased().await;
    let uuid = token.build.uuid();
    for (bucket, key) in [
        ("system", format!("p1/{uuid}/x")),
        ("artifacts", "p1/other/x".to_owned()),
        ("artifacts", format!("p1/{uuid}/../../x")),
        ("artifacts", format!("p1/{uuid}//x")),
        ("artifacts", String::new()),
    ] {
        let request = UploadRequest { bucket: bucket.into(), key: key.clone(), size_bytes: 1 };
        let error = rig.service.begin_uploads(&agent.name, &token, &[request]).await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied, "{bucket}/{key}");
    }
    let error = rig.service.presign_download(&agent.name, &token, "artifacts", "p1/x", None, "").await.unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
}
