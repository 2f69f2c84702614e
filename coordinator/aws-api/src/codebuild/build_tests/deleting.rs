//! BatchDeleteBuilds, down to the log in storage.

use super::rig::{ARN, Rig, plain, with};
use buildyard_blobs::Objects;
use buildyard_model::Outcome;
use serde_json::json;

#[tokio::test]
async fn builds_that_are_over_go_with_their_logs() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    let mut agent = rig.agent().await;
    let done = rig.build(json!({ "projectName": "app" })).await;
    let (token, _) = agent.offer().await;
    agent.log(&token, "hello").await;
    agent.finish(&token, Outcome::Succeeded).await;
    let running = rig.build(json!({ "projectName": "app" })).await;
    let (token, _) = agent.offer().await;
    agent.log(&token, "still here").await;
    assert_eq!(rig.blobs.list("system", "logs/", "").await.unwrap().objects.len(), 2);
    let unknown = "app:00000000-0000-4000-8000-000000000001";
    let ids = json!([done["id"], done["arn"], running["id"], unknown, "app:odd"]);
    let deleted = rig.call("BatchDeleteBuilds", json!({ "ids": ids })).await;
    assert_eq!(
        deleted,
        json!({
            "buildsDeleted": [done["arn"]],
            "buildsNotDeleted": [
                { "id": running["arn"], "statusCode": "BUILD_IN_PROGRESS" },
                { "id": format!("{ARN}:build/{unknown}"), "statusCode": "BUILD_NOT_FOUND" },
                { "id": "app:odd", "statusCode": "BUILD_NOT_FOUND" },
            ],
        })
    );
    rig.settle().await;
    let left = rig.blobs.list("system", "logs/", "").await.unwrap().objects;
    assert_eq!(left.len(), 1);
    assert!(left[0].key.contains(&token.build.uuid().to_string()));
    let found = rig.call("BatchGetBuilds", json!({ "ids": [done["id"]] })).await;
    assert_eq!(found, json!({ "builds": [], "buildsNotFound": [done["id"]] }));
    assert_eq!(rig.build(json!({ "projectName": "app" })).await["buildNumber"], 3, "numbers do not return");
}

#[tokio::test]
async fn a_deleted_failure_does_not_hold_up_the_outbox() {
    let rig = Rig::start().await;
    rig.project(with(plain("app"), json!({ "autoRetryLimit": 1 }))).await;
    let mut agent = rig.agent().await;
    let build = rig.build(json!({ "projectName": "app" })).await;
    let (token, _) = agent.offer().await;
    agent.finish(&token, Outcome::Failed).await;
    rig.call("BatchDeleteBuilds", json!({ "ids": [build["id"]] })).await;
    // Repeated or not, as it came in time; what matters is that nothing stays undone.
    rig.settle().await;
}
