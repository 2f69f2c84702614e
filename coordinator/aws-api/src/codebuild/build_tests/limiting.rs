//! A project's `concurrentBuildLimit`.

use super::rig::{Rig, plain, with};
use buildyard_model::Outcome;
use serde_json::{Value, json};

fn codes(answers: Vec<Result<Value, buildyard_aws_protocol::ApiError>>) -> (usize, Vec<String>) {
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err()).map(|error| error.code.to_string());
    (answers.iter().filter(|answer| answer.is_ok()).count(), refused.collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn starts_at_once_never_pass_the_projects_limit_together() {
    let rig = std::sync::Arc::new(Rig::start().await);
    rig.project(with(plain("app"), json!({ "concurrentBuildLimit": 3 }))).await;
    let starts = (0..24).map(|_| {
        let rig = rig.clone();
        tokio::spawn(async move {
            rig.api.answer(&rig.context, &rig.caller, "StartBuild", json!({ "projectName": "app" })).await
        })
    });
    let mut answers = Vec::new();
    for start in starts.collect::<Vec<_>>() {
        answers.push(start.await.unwrap());
    }
    let (started, refused) = codes(answers);
    assert_eq!((started, refused.len()), (3, 21));
    assert!(refused.iter().all(|code| code == "AccountLimitExceededException"), "{refused:?}");
    let mut agent = rig.agent().await;
    let (token, _) = agent.offer().await;
    agent.finish(&token, Outcome::Succeeded).await;
    let next = rig.build(json!({ "projectName": "app" })).await;
    assert_eq!(next["buildNumber"], 4, "refused builds use up no numbers");
    let (code, message) = rig.refused("RetryBuild", json!({ "id": next["id"] })).await;
    assert_eq!(code, "AccountLimitExceededException");
    assert_eq!(message, "cannot have more than 3 active builds for project app");
}

#[tokio::test]
async fn a_limit_that_was_taken_away_limits_nothing() {
    let rig = Rig::start().await;
    rig.project(with(plain("app"), json!({ "concurrentBuildLimit": -1 }))).await;
    for _ in 0..2 {
        rig.build(json!({ "projectName": "app" })).await;
    }
}
