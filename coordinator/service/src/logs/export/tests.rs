use crate::logs::directory::tests::leased;
use crate::logs::events::tests::append;
use crate::testing::Rig;
use buildyard_blobs::{Objects, Transfers};
use rand::RngCore;
use std::io::Read;
use std::time::Duration;

const LOGS: &str = r#"{"s3Logs":{"status":"ENABLED","location":"logs/of/app"}}"#;

async fn unzipped(rig: &Rig, key: &str) -> Vec<u8> {
    let stored = rig.blobs.get("logs", key).await.unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&stored[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

async fn until_stored(rig: &Rig) {
    let stored = async {
        while !rig.service.store().pending(0, 1).await.unwrap().is_empty() || rig.blobs.keys("logs").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), stored).await.expect("the log is put in S3");
}

#[tokio::test]
async fn a_finished_builds_log_is_put_in_s3() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let token = leased(&rig, &mut agent, "app", LOGS).await;
    let end = append(&rig, &agent, &token, &[b"one\n", b"two\xff"]).await;
    crate::tests::finish(&rig, &agent.name, &token, end).await;
    until_stored(&rig).await;
    assert_eq!(rig.blobs.keys("logs"), [format!("of/app/{}.gz", token.build.uuid())]);
    assert_eq!(unzipped(&rig, &rig.blobs.keys("logs")[0]).await, b"one\ntwo\xff");
    rig.service.export_log(&token.build).await.unwrap();
    assert_eq!(rig.blobs.keys("logs").len(), 1, "a repetition writes the same object");
}

#[tokio::test]
async fn a_large_log_goes_up_in_parts_and_what_a_crash_left_is_dropped() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let token = leased(&rig, &mut agent, "app", LOGS).await;
    // It does not shrink, so that it makes several parts.
    let mut piece = vec![0; 1 << 20];
    rand::rng().fill_bytes(&mut piece);
    let end = append(&rig, &agent, &token, &[piece.as_slice(); 1]).await;
    let mut pieces = vec![piece];
    for _ in 1..20 {
        let mut piece = vec![0; 1 << 20];
        rand::rng().fill_bytes(&mut piece);
        append(&rig, &agent, &token, &[&piece]).await;
        pieces.push(piece);
    }
    // An earlier try that got as far as its second part.
    let key = format!("of/app/{}.gz", token.build.uuid());
    let begun = rig.blobs.begin_upload("logs", &key, &[]).await.unwrap();
    rig.blobs.put("system", &format!("exports/{}", token.build.uuid()), begun.into()).await.unwrap();
    crate::tests::finish(&rig, &agent.name, &token, end * 20).await;
    until_stored(&rig).await;
    assert!(unzipped(&rig, &key).await == pieces.concat());
    assert_eq!(rig.blobs.uploads(), 0);
    assert!(!rig.blobs.keys("system").iter().any(|key| key.starts_with("exports/")));
}

#[tokio::test]
async fn a_log_that_cannot_go_to_s3_does_not_change_the_build() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let own = r#"{"s3Logs":{"status":"ENABLED","location":"system/logs"}}"#;
    let token = leased(&rig, &mut agent, "app", own).await;
    let end = append(&rig, &agent, &token, &[b"one\n"]).await;
    crate::tests::finish(&rig, &agent.name, &token, end).await;
    rig.service.export_log(&token.build).await.unwrap();
    assert!(!rig.blobs.keys("system").iter().any(|key| key.ends_with(".gz")));
    let view = rig.service.build(&token.build).await.unwrap();
    assert_eq!(view.build_status, buildyard_model::BuildStatus::Succeeded);
}
