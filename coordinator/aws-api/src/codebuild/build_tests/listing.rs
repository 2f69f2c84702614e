//! Lists of builds and their pages.

use super::rig::{ARN, Rig, plain};
use buildyard_model::{BuildId, JobSpec};
use buildyard_store::{Builds, Draft};
use serde_json::{Value, json};

/// 10,000 builds, a third of them another project's. Gives their ids, oldest first.
async fn many(rig: &Rig) -> Vec<String> {
    rig.project(plain("app")).await;
    rig.project(plain("other")).await;
    let first = rig.build(json!({ "projectName": "app" })).await;
    let id: BuildId = first["id"].as_str().unwrap().parse().unwrap();
    let spec = rig.context.service.build_detail(&id).await.unwrap().job;
    let mut ids = vec![id.to_string()];
    for number in 1..10_000_u32 {
        let project = if number % 3 == 0 { "other" } else { "app" };
        let id: BuildId = format!("{project}:{number:08x}-0000-4000-8000-000000000000").parse().unwrap();
        ids.push(id.to_string());
        let spec = JobSpec { id, ..spec.clone() };
        rig.store.create(Draft { spec, idempotency: None, outbox_entry: None, limit: None }).await.unwrap();
    }
    ids
}

async fn walk(rig: &Rig, operation: &str, mut input: Value) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let mut page = rig.call(operation, input.clone()).await;
        let found: Vec<String> = serde_json::from_value(page["ids"].take()).unwrap();
        assert!((1..=100).contains(&found.len()));
        ids.extend(found);
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn pages_give_each_of_10_000_builds_once_in_both_orders() {
    let rig = Rig::start().await;
    let oldest = many(&rig).await;
    let newest: Vec<String> = oldest.iter().rev().cloned().collect();
    let others: Vec<String> = newest.iter().filter(|id| id.starts_with("other:")).cloned().collect();
    assert_eq!(walk(&rig, "ListBuilds", json!({})).await, newest);
    assert_eq!(walk(&rig, "ListBuilds", json!({ "sortOrder": "DESCENDING" })).await, newest);
    assert_eq!(walk(&rig, "ListBuilds", json!({ "sortOrder": "ASCENDING" })).await, oldest);
    assert_eq!(walk(&rig, "ListBuildsForProject", json!({ "projectName": "other" })).await, others);
    let ascending = json!({ "projectName": "other", "sortOrder": "ASCENDING" });
    assert!(walk(&rig, "ListBuildsForProject", ascending).await.iter().rev().eq(&others));
    let got = rig.call("BatchGetBuilds", json!({ "ids": newest[..100] })).await;
    let ids: Vec<&Value> = got["builds"].as_array().unwrap().iter().map(|build| &build["id"]).collect();
    assert_eq!(json!(ids), json!(newest[..100]), "in the order asked for");
}

#[tokio::test]
async fn a_build_that_comes_between_two_pages_moves_none() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    let mut ids = Vec::new();
    for _ in 0..150 {
        ids.push(rig.build(json!({ "projectName": "app" })).await["id"].take());
    }
    ids.reverse();
    let first = rig.call("ListBuilds", json!({})).await;
    assert_eq!(first["ids"], json!(ids[..100]));
    rig.build(json!({ "projectName": "app" })).await;
    let second = rig.call("ListBuilds", json!({ "nextToken": first["nextToken"] })).await;
    assert_eq!(second, json!({ "ids": ids[100..] }));
    for (operation, input) in [
        ("ListBuilds", json!({ "nextToken": "nonsense" })),
        ("ListBuilds", json!({ "nextToken": first["nextToken"], "sortOrder": "ASCENDING" })),
        ("ListBuildsForProject", json!({ "nextToken": first["nextToken"], "projectName": "app" })),
    ] {
        assert_eq!(rig.refused(operation, input).await.0, "InvalidInputException");
    }
}

#[tokio::test]
async fn only_a_known_project_has_a_list() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    assert_eq!(rig.call("ListBuildsForProject", json!({ "projectName": "app" })).await, json!({ "ids": [] }));
    assert_eq!(rig.call("ListBuilds", json!({})).await, json!({ "ids": [] }));
    let (code, message) = rig.refused("ListBuildsForProject", json!({ "projectName": "nope" })).await;
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(message, format!("The provided project {ARN}:project/nope does not exist"));
}
