//! StartBuild: what a new build looks like, tokens, permissions.

use super::rig::{ARN, Rig, plain, with};
use buildyard_aws_protocol::{ApiError, Caller, Permissions};
use buildyard_scheduler::Event;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_new_build_is_shown_with_all_its_members_and_defaults() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    let build = rig.build(json!({ "projectName": "app" })).await;
    let id = build["id"].as_str().unwrap();
    let uuid = id.strip_prefix("app:").unwrap();
    assert_eq!(build["arn"], format!("{ARN}:build/{id}"));
    assert_eq!(
        (&build["buildNumber"], &build["currentPhase"], &build["buildStatus"], &build["buildComplete"]),
        (&json!(1), &json!("QUEUED"), &json!("IN_PROGRESS"), &json!(false))
    );
    assert_eq!(build["initiator"], "alice");
    assert_eq!((&build["timeoutInMinutes"], &build["queuedTimeoutInMinutes"]), (&json!(60), &json!(480)));
    assert_eq!(build["cache"], json!({ "type": "NO_CACHE" }));
    assert_eq!(build["encryptionKey"], "arn:aws:kms:us-east-1:000000000000:alias/aws/s3");
    assert_eq!(build["artifacts"], json!({ "location": "", "sha256sum": "", "md5sum": "" }));
    assert_eq!(build["environment"]["imagePullCredentialsType"], "CODEBUILD");
    assert_eq!(build["environment"]["privilegedMode"], false);
    assert_eq!(build["environment"]["environmentVariables"], json!([]));
    assert_eq!(build["autoRetryConfig"], json!({ "autoRetryLimit": 0, "autoRetryNumber": 0 }));
    assert_eq!(build["debugSession"], json!({ "sessionEnabled": false }));
    let console = "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1";
    let logs = json!({
        "deepLink": format!("{console}#logEvent:group=null;stream=null"),
        "cloudWatchLogsArn": "arn:aws:logs:us-east-1:000000000000:log-group:null:log-stream:null",
        "cloudWatchLogs": { "status": "ENABLED" },
        "s3Logs": { "status": "DISABLED", "encryptionDisabled": false },
    });
    assert_eq!(build["logs"], logs);
    for list in ["secondarySources", "secondaryArtifacts", "secondarySourceVersions", "reportArns"] {
        assert_eq!(build[list], json!([]), "{list}");
    }
    for absent in ["endTime", "networkInterface", "vpcConfig", "sourceVersion", "buildBatchArn"] {
        assert!(build.get(absent).is_none(), "{absent}");
    }
    let phases = build["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 2);
    assert_eq!((&phases[0]["phaseType"], &phases[0]["phaseStatus"]), (&json!("SUBMITTED"), &json!("SUCCEEDED")));
    assert_eq!(phases[0]["durationInSeconds"], 0);
    assert_eq!(phases[1], json!({ "phaseType": "QUEUED", "startTime": build["startTime"] }));
    // By id and by ARN it is the same.
    let found =
        rig.call("BatchGetBuilds", json!({ "ids": [id, build["arn"], format!("app:{}", uuid.to_uppercase())] }));
    let found = found.await;
    // But that it says now what it waits for.
    let mut waiting = build.clone();
    waiting["phases"][1]["contexts"] = json!([{ "statusCode": "", "message": "no agent is connected" }]);
    assert_eq!(found["builds"], json!([waiting]));
    assert_eq!(found["buildsNotFound"].as_array().unwrap().len(), 1, "a uuid has one spelling");
}

#[tokio::test]
async fn a_build_of_an_unknown_project_is_refused() {
    let rig = Rig::start().await;
    for name in ["app", "no such name!", "x"] {
        let message = format!("Project cannot be found: {ARN}:project/{name}");
        let refused = rig.refused("StartBuild", json!({ "projectName": name })).await;
        assert_eq!(refused, ("ResourceNotFoundException".to_owned(), message));
    }
    rig.project(plain("app")).await;
    let build = rig.build(json!({ "projectName": format!("{ARN}:project/app") })).await;
    assert_eq!(build["projectName"], "app");
}

#[tokio::test]
async fn a_token_gives_its_build_again_and_no_other() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    rig.project(plain("other")).await;
    let start = json!({ "projectName": "app", "idempotencyToken": "t", "sourceVersion": "" });
    let first = rig.build(start.clone()).await;
    assert_eq!(rig.build(start.clone()).await, first);
    for changed in [json!({ "projectName": "other" }), json!({ "imageOverride": "x" })] {
        let (code, _) = rig.refused("StartBuild", with(start.clone(), changed)).await;
        assert_eq!(code, "InvalidInputException");
    }
    assert_ne!(rig.build(json!({ "projectName": "app", "idempotencyToken": "" })).await["id"], first["id"]);
    // Tokens of RetryBuild are others.
    let retry = json!({ "id": first["id"], "idempotencyToken": "t" });
    let again = rig.call("RetryBuild", retry.clone()).await;
    assert_ne!(again["build"]["id"], first["id"]);
    assert_eq!(rig.call("RetryBuild", retry).await, again);
    let (code, _) = rig.refused("RetryBuild", json!({ "id": again["build"]["id"], "idempotencyToken": "t" })).await;
    assert_eq!(code, "InvalidInputException");
}

#[derive(Debug, Default)]
struct Asked(Mutex<Vec<(String, String)>>);

impl Permissions for Asked {
    fn check(&self, action: &str, resource: &str) -> Result<(), ApiError> {
        self.0.lock().unwrap().push((action.to_owned(), resource.to_owned()));
        Err(ApiError::access_denied("no"))
    }
}

#[tokio::test]
async fn who_acts_on_a_build_must_be_allowed_to_on_its_project() {
    let rig = Rig::start().await;
    let asked = Arc::new(Asked::default());
    let caller = Caller { permissions: asked.clone(), ..rig.caller.clone() };
    let build = "app:00000000-0000-4000-8000-000000000001";
    let app = format!("{ARN}:project/app");
    let cases: [(&str, Value, &str); 8] = [
        ("StartBuild", json!({ "projectName": "app" }), &app),
        ("StartBuild", json!({ "projectName": app }), &app),
        ("StopBuild", json!({ "id": build }), &app),
        ("RetryBuild", json!({ "id": format!("{ARN}:build/{build}") }), &app),
        ("BatchGetBuilds", json!({ "ids": [build] }), &app),
        ("BatchDeleteBuilds", json!({ "ids": [build] }), &app),
        ("ListBuildsForProject", json!({ "projectName": "app" }), &app),
        ("ListBuilds", json!({}), "*"),
    ];
    for (operation, input, resource) in cases {
        let refused = rig.api.answer(&rig.context, &caller, operation, input).await.unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException");
        let asked = std::mem::take(&mut *asked.0.lock().unwrap());
        assert_eq!(asked, [(format!("codebuild:{operation}"), resource.to_owned())]);
    }
}

#[tokio::test]
async fn a_build_that_waits_says_what_for_until_it_is_offered() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    let id = rig.build(json!({ "projectName": "app" })).await["id"].take();
    let queued = rig.get(&id).await["phases"][1].take();
    assert_eq!(queued["phaseType"], "QUEUED");
    assert_eq!(queued["contexts"], json!([{ "statusCode": "", "message": "no agent is connected" }]));
    let mut agent = rig.agent().await;
    let (token, _) = agent.offer().await;
    agent.tell(Event::Accept { token: token.clone() }).await;
    let queued = rig.get(&id).await["phases"][1].take();
    assert_eq!((&queued["phaseStatus"], &queued["contexts"]), (&json!("SUCCEEDED"), &json!(null)));
}
