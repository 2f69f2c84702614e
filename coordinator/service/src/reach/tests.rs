use crate::testing::Rig;
use serde_json::{Value, json};

async fn of_project(given: Value) -> Vec<String> {
    let rig = Rig::start().await;
    let found = rig.service.settings().reach_of_project(&serde_json::from_value(given).unwrap());
    found.into_iter().map(|reach| format!("{} {}", reach.action, reach.resource)).collect()
}

async fn of_overrides(given: Value) -> Vec<String> {
    let rig = Rig::start().await;
    let found = rig.service.settings().reach_of_overrides("app", &serde_json::from_value(given).unwrap());
    found.into_iter().map(|reach| format!("{} {}", reach.action, reach.resource)).collect()
}

const PARAMETER: &str = "ssm:GetParameters arn:aws:ssm:us-east-1:000000000000:parameter/a/b";
const SECRET: &str = "secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:000000000000:secret:db-??????";

#[tokio::test]
async fn secrets_are_reached_by_variables_buildspecs_and_credentials() {
    let variables = json!([
        {"name": "P", "value": "/a/b:3", "type": "PARAMETER_STORE"},
        {"name": "S", "value": "db:password", "type": "SECRETS_MANAGER"},
        {"name": "T", "value": "db"},
    ]);
    assert_eq!(of_overrides(json!({"environmentVariablesOverride": variables})).await, [PARAMETER, SECRET]);
    let project = json!({"name": "app", "environment": {"environmentVariables": variables}});
    assert_eq!(of_project(project).await, [PARAMETER, SECRET]);
    let buildspec = "version: 0.2\nenv:\n  parameter-store: {P: /a/b}\n  secrets-manager: {S: 'db:x'}\n\
                     phases: {build: {commands: ['true']}}\n";
    assert_eq!(of_overrides(json!({"buildspecOverride": buildspec})).await, [PARAMETER, SECRET]);
    let source = json!({"type": "NO_SOURCE", "buildspec": buildspec});
    assert_eq!(of_project(json!({"name": "app", "source": source})).await, [PARAMETER, SECRET]);
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf";
    let named = of_overrides(json!({"sourceAuthOverride": {"type": "SECRETS_MANAGER", "resource": arn}})).await;
    assert_eq!(named, [format!("secretsmanager:GetSecretValue {arn}")]);
    let keyed = json!([{"name": "S", "value": format!("{arn}:password"), "type": "SECRETS_MANAGER"}]);
    assert_eq!(of_overrides(json!({"environmentVariablesOverride": keyed})).await, named);
}

#[tokio::test]
async fn objects_are_reached_by_sources_artifacts_and_logs() {
    let get = |place: &str| format!("s3:GetObject arn:aws:s3:::{place}");
    let put = |place: &str| format!("s3:PutObject arn:aws:s3:::{place}");
    assert_eq!(of_overrides(json!({"sourceLocationOverride": "b/k.zip"})).await, [get("b/k.zip")]);
    assert_eq!(of_overrides(json!({"sourceLocationOverride": "arn:aws:s3:::b/k/"})).await, [get("b/k/*")]);
    assert_eq!(of_overrides(json!({"sourceLocationOverride": "b/a@b://c"})).await, [get("b/a@b://c")]);
    for git in ["https://me@git.example/a.git", "ssh://git@git.example/a", "git@git.example:a.git"] {
        assert_eq!(of_overrides(json!({"sourceLocationOverride": git})).await, [""; 0]);
    }
    assert_eq!(of_overrides(json!({"buildspecOverride": "arn:aws:s3:::b/spec.yml"})).await, [get("b/spec.yml")]);
    for (artifacts, place) in [
        (json!({"type": "S3", "location": "b"}), "b/app/*"),
        (json!({"type": "S3", "location": "b", "path": "/p/", "name": "n.zip", "packaging": "ZIP"}), "b/p/n.zip"),
        (json!({"type": "S3", "location": "b", "path": "p", "name": "n", "namespaceType": "BUILD_ID"}), "b/*"),
        (json!({"type": "S3", "location": "b", "path": "p", "name": "n", "overrideArtifactName": true}), "b/p/*"),
        (json!({"type": "S3", "location": "b", "name": "n", "overrideArtifactName": true}), "b/*"),
    ] {
        assert_eq!(of_overrides(json!({"artifactsOverride": artifacts})).await, [put(place)]);
    }
    let logs = json!({
        "s3Logs": {"status": "ENABLED", "location": "b/logs/"},
        "cloudWatchLogs": {"status": "ENABLED", "groupName": "/aws/codebuild/other"},
    });
    let group = "logs:PutLogEvents arn:aws:logs:us-east-1:000000000000:log-group:/aws/codebuild/other:*".to_owned();
    assert_eq!(of_project(json!({"name": "app", "logsConfig": logs})).await, [put("b/logs/*"), group]);
}

#[tokio::test]
async fn what_is_not_given_reaches_for_nothing() {
    assert_eq!(of_overrides(json!({})).await, [""; 0]);
    assert_eq!(of_project(json!({"name": "app", "artifacts": {"type": "NO_ARTIFACTS"}})).await, [""; 0]);
}
