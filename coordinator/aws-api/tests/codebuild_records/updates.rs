use crate::rig::{Rig, least};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Barrier;

#[tokio::test]
async fn an_update_keeps_what_it_does_not_name() {
    let rig = Rig::new();
    let mut request = least("demo");
    request["description"] = json!("first");
    request["environment"]["hostKernel"] = json!("LINUX_KERNEL_6");
    let before = rig.call("CreateProject", request).await["project"].take();
    let mut after = rig.call("UpdateProject", json!({"name": "demo", "timeoutInMinutes": 30})).await["project"].take();
    assert_eq!(after["timeoutInMinutes"], 30);
    assert_eq!(after["created"], before["created"]);
    assert!(after["lastModified"].as_f64() > before["lastModified"].as_f64());
    after["timeoutInMinutes"] = before["timeoutInMinutes"].clone();
    after["lastModified"] = before["lastModified"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
async fn empty_members_clear_what_was_there() {
    let rig = Rig::new();
    let mut request = least("demo");
    request["cache"] = json!({"type": "S3", "location": "bucket/cache"});
    request["encryptionKey"] = json!("alias/mine");
    request["vpcConfig"] = json!({"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]});
    rig.call("CreateProject", request.clone()).await;
    let clear = json!({"name": "demo", "cache": {}, "encryptionKey": "", "vpcConfig": {}});
    let cleared = rig.call("UpdateProject", clear.clone()).await["project"].take();
    assert_eq!(cleared["cache"], json!({"type": "NO_CACHE"}));
    assert_eq!(cleared["encryptionKey"], "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3");
    assert_eq!(cleared["vpcConfig"], Value::Null);
    request["name"] = json!("other");
    request["cache"] = json!({});
    assert_eq!(rig.refused("CreateProject", request).await.0, "InvalidInputException");
    let half = json!({"name": "demo", "cache": {"location": "bucket/cache"}});
    assert_eq!(rig.refused("UpdateProject", half).await.0, "InvalidInputException");
}

#[tokio::test]
async fn a_refused_update_changes_nothing() {
    let rig = Rig::new();
    let before = rig.create("demo").await;
    let update = json!({"name": "demo", "description": "new", "artifacts": {"type": "S3"}});
    assert_eq!(rig.refused("UpdateProject", update).await.0, "InvalidInputException");
    assert_eq!(rig.project("demo").await, before);
}

#[tokio::test]
async fn a_badge_keeps_its_address_until_it_is_turned_off() {
    let rig = Rig::new();
    rig.create("demo").await;
    let set = async |update: Value| rig.call("UpdateProject", update).await["project"]["badge"].take();
    let on = set(json!({"name": "demo", "badgeEnabled": true})).await;
    assert_eq!(set(json!({"name": "demo", "description": "d"})).await, on);
    assert_eq!(set(json!({"name": "demo", "badgeEnabled": true})).await, on);
    assert_eq!(set(json!({"name": "demo", "badgeEnabled": false})).await, json!({"badgeEnabled": false}));
    let again = set(json!({"name": "demo", "badgeEnabled": true})).await;
    assert_ne!(again, on);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn updates_at_once_lose_nothing() {
    let rig = Arc::new(Rig::new());
    rig.create("demo").await;
    for round in 0..100u32 {
        let updates = [
            ("description", json!(format!("d{round}"))),
            ("sourceVersion", json!(format!("v{round}"))),
            ("timeoutInMinutes", json!(5 + round)),
            ("queuedTimeoutInMinutes", json!(6 + round)),
            ("concurrentBuildLimit", json!(1 + round)),
            ("tags", json!([{"key": "round", "value": round.to_string()}])),
            ("autoRetryLimit", json!(round % 10)),
            ("encryptionKey", json!(format!("alias/k{round}"))),
        ];
        let together = Arc::new(Barrier::new(updates.len()));
        let tasks: Vec<_> = updates
            .clone()
            .into_iter()
            .map(|(member, value)| {
                let (rig, together) = (rig.clone(), together.clone());
                tokio::spawn(async move {
                    together.wait().await;
                    rig.call("UpdateProject", json!({"name": "demo", member: value})).await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let project = rig.project("demo").await;
        for (member, value) in updates {
            assert_eq!(project[member], value, "{member} in round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_create_one_project_one_succeeds() {
    let rig = Arc::new(Rig::new());
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let rig = rig.clone();
            tokio::spawn(async move { rig.try_call("CreateProject", least("demo")).await })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert_eq!(error.code, "ResourceAlreadyExistsException"),
        }
    }
    assert_eq!(made, 1);
}
