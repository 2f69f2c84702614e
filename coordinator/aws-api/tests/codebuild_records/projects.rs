use crate::rig::{ARN, Rig, least};
use serde_json::json;

fn refusal(code: &str, message: &str) -> (String, String) {
    (code.to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_name_can_be_taken_once() {
    let rig = Rig::new();
    let first = rig.create("demo").await;
    let again = rig.refused("CreateProject", least("demo")).await;
    assert_eq!(
        again,
        refusal("ResourceAlreadyExistsException", &format!("Project already exists: {ARN}:project/demo"))
    );
    assert_eq!(rig.project("demo").await, first);
}

#[tokio::test]
async fn a_refused_project_is_not_there() {
    let rig = Rig::new();
    let mut bad = least("demo");
    bad["source"]["location"] = json!(null);
    let refused = rig.refused("CreateProject", bad).await;
    assert_eq!(refused, refusal("InvalidInputException", "Project source location is required"));
    let refused = rig.refused("CreateProject", least("de.mo")).await;
    assert_eq!(refused.0, "InvalidInputException");
    assert!(refused.1.contains("Value 'de.mo' at 'name' failed to satisfy constraint"), "{refused:?}");
    assert_eq!(rig.call("ListProjects", json!({})).await, json!({"projects": []}));
}

#[tokio::test]
async fn projects_are_found_by_name_and_by_arn() {
    let rig = Rig::new();
    let demo = rig.create("demo").await;
    let other_region = format!("{}:project/demo", ARN.replace("eu-west-1", "us-east-1"));
    let names = json!(["demo", format!("{ARN}:project/demo"), "none", other_region]);
    let found = rig.call("BatchGetProjects", json!({"names": names})).await;
    assert_eq!(found, json!({"projects": [demo, demo], "projectsNotFound": ["none", other_region]}));
}

#[tokio::test]
async fn a_deleted_project_is_gone_and_leaves_no_policy_to_its_successor() {
    let rig = Rig::new();
    rig.create("demo").await;
    let arn = format!("{ARN}:project/demo");
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    rig.call("PutResourcePolicy", json!({"resourceArn": arn, "policy": policy})).await;
    assert_eq!(rig.call("DeleteProject", json!({"name": "demo"})).await, json!({}));
    assert_eq!(rig.call("DeleteProject", json!({"name": "demo"})).await, json!({}));
    assert_eq!(rig.call("BatchGetProjects", json!({"names": ["demo"]})).await["projectsNotFound"], json!(["demo"]));
    rig.create("demo").await;
    assert_eq!(rig.refused("GetResourcePolicy", json!({"resourceArn": arn})).await.0, "ResourceNotFoundException");
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    let rig = Rig::new();
    let missing = refusal("ResourceNotFoundException", &format!("Project cannot be found: {ARN}:project/none"));
    assert_eq!(rig.refused("UpdateProject", json!({"name": "none"})).await, missing);
    assert_eq!(rig.refused("InvalidateProjectCache", json!({"projectName": "none"})).await, missing);
    let visibility = json!({"projectArn": format!("{ARN}:project/none"), "projectVisibility": "PRIVATE"});
    assert_eq!(rig.refused("UpdateProjectVisibility", visibility).await, missing);
}

#[tokio::test]
async fn a_public_project_keeps_its_alias() {
    let rig = Rig::new();
    rig.create("demo").await;
    let arn = format!("{ARN}:project/demo");
    let set = async |visibility: &str| {
        let role = format!("arn:aws:iam::{}:role/public", crate::rig::ACCOUNT);
        let input = json!({"projectArn": arn, "projectVisibility": visibility, "resourceAccessRole": role});
        rig.call("UpdateProjectVisibility", input).await
    };
    assert_eq!(set("PRIVATE").await, json!({"projectArn": arn, "projectVisibility": "PRIVATE"}));
    let public = set("PUBLIC_READ").await;
    assert_eq!(public["publicProjectAlias"].as_str().map(str::len), Some(32));
    assert_eq!(public["projectVisibility"], "PUBLIC_READ");
    set("PRIVATE").await;
    assert_eq!(set("PUBLIC_READ").await, public);
    let project = rig.project("demo").await;
    assert_eq!(project["publicProjectAlias"], public["publicProjectAlias"]);
    assert_eq!(project["resourceAccessRole"], "arn:aws:iam::123456789012:role/public");
    let foreign =
        json!({"projectArn": arn, "projectVisibility": "PRIVATE", "resourceAccessRole": "arn:aws:iam::1:role/x"});
    assert_eq!(rig.refused("UpdateProjectVisibility", foreign).await.0, "InvalidInputException");
}

#[tokio::test]
async fn invalidating_the_cache_changes_nothing_that_is_seen() {
    let rig = Rig::new();
    let before = rig.create("demo").await;
    assert_eq!(rig.call("InvalidateProjectCache", json!({"projectName": "demo"})).await, json!({}));
    assert_eq!(rig.project("demo").await, before);
}

#[tokio::test]
async fn operations_without_an_engine_say_so() {
    let rig = Rig::new();
    let refused = rig.refused("CreateWebhook", json!({"projectName": "demo"})).await;
    let message = "CreateWebhook is not supported: Buildyard takes no webhooks yet";
    assert_eq!(refused, refusal("UnknownOperationException", message));
}
