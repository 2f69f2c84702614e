//! RetryBuild and automatic retries.

use super::rig::{Rig, plain, with};
use buildyard_model::Outcome;
use serde_json::{Value, json};

#[tokio::test]
async fn a_retry_is_a_new_build_with_the_settings_of_the_old() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    let variables = json!([{ "name": "A", "value": "1", "type": "PLAINTEXT" }]);
    let first = rig
        .build(json!({ "projectName": "app", "imageOverride": "debian:12", "environmentVariablesOverride": variables }))
        .await;
    // What the project is by now does not matter.
    rig.project(with(plain("app"), json!({ "serviceRole": "other" }))).await;
    let again = rig.call("RetryBuild", json!({ "id": first["arn"] })).await["build"].take();
    assert_ne!(again["id"], first["id"]);
    assert_eq!((&again["buildNumber"], &again["currentPhase"]), (&json!(2), &json!("QUEUED")));
    for same in ["environment", "source", "serviceRole", "artifacts", "timeoutInMinutes"] {
        assert_eq!(again[same], first[same], "{same}");
    }
    assert_eq!(again["environment"]["image"], "debian:12");
    assert_eq!(again["environment"]["environmentVariables"], variables);
    assert_eq!(again["autoRetryConfig"], json!({ "autoRetryLimit": 0, "autoRetryNumber": 0 }));
}

#[tokio::test]
async fn failures_are_repeated_and_linked_up_to_the_limit() {
    let rig = Rig::start().await;
    rig.project(with(plain("app"), json!({ "autoRetryLimit": 5, "concurrentBuildLimit": 1 }))).await;
    let mut agent = rig.agent().await;
    rig.build(json!({ "projectName": "app", "autoRetryLimitOverride": 2 })).await;
    let mut chain: Vec<Value> = Vec::new();
    for _ in 0..3 {
        let (token, _) = agent.offer().await;
        agent.finish(&token, Outcome::Failed).await;
        let refused = rig.api.answer(&rig.context, &rig.caller, "StartBuild", json!({ "projectName": "app" })).await;
        assert_eq!(refused.is_err(), chain.len() < 2, "the place of a repetition is kept");
        chain.push(json!(token.build));
    }
    let mut builds = Vec::new();
    for id in &chain {
        builds.push(rig.get(id).await);
    }
    let config = |number: usize| builds[number]["autoRetryConfig"].clone();
    let limit = json!({ "autoRetryLimit": 2 });
    assert_eq!(config(0), with(limit.clone(), json!({ "autoRetryNumber": 0, "nextAutoRetry": builds[1]["arn"] })));
    let between = json!({
        "autoRetryNumber": 1, "previousAutoRetry": builds[0]["arn"], "nextAutoRetry": builds[2]["arn"],
    });
    assert_eq!(config(1), with(limit.clone(), between));
    assert_eq!(config(2), with(limit, json!({ "autoRetryNumber": 2, "previousAutoRetry": builds[1]["arn"] })));
    assert!(builds.iter().all(|build| build["buildStatus"] == "FAILED" && build["initiator"] == "alice"));
}

#[tokio::test]
async fn a_stopped_build_is_not_repeated() {
    let rig = Rig::start().await;
    rig.project(with(plain("app"), json!({ "autoRetryLimit": 2 }))).await;
    let build = rig.build(json!({ "projectName": "app" })).await;
    let stopped = rig.call("StopBuild", json!({ "id": build["id"] })).await;
    assert_eq!(stopped["build"]["autoRetryConfig"], json!({ "autoRetryLimit": 2, "autoRetryNumber": 0 }));
    rig.settle().await;
    assert_eq!(rig.call("ListBuilds", json!({})).await["ids"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_retry_needs_the_project_still() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    let build = rig.build(json!({ "projectName": "app" })).await;
    rig.forget_project("app").await;
    let (code, message) = rig.refused("RetryBuild", json!({ "id": build["id"] })).await;
    assert_eq!(code, "ResourceNotFoundException");
    assert!(message.starts_with("Project cannot be found: "), "{message}");
    assert_eq!(rig.get(&build["id"]).await["id"], build["id"], "its builds stay");
}
