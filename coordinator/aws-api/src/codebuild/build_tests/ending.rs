//! Builds walked to their end, stopped, or not there at all.

use super::rig::{ARN, Rig, plain, report, with};
use buildyard_model::{ArtifactRecord, Outcome, Packaging, Phase, PhaseContext, PhaseRecord, PhaseStatus, Timestamp};
use buildyard_scheduler::{Event, Report};
use serde_json::json;

const UNKNOWN: &str = "app:00000000-0000-4000-8000-000000000001";

fn ended(phase_type: Phase, milliseconds: i64) -> PhaseRecord {
    PhaseRecord {
        phase_type,
        phase_status: Some(PhaseStatus::Succeeded),
        start_time: Timestamp(0),
        end_time: Some(Timestamp(milliseconds)),
        contexts: vec![PhaseContext::default()],
    }
}

#[tokio::test]
async fn a_finished_build_shows_phases_artifacts_variables_and_its_log() {
    let rig = Rig::start().await;
    let artifacts =
        json!({ "type": "S3", "location": "arn:aws:s3:::out", "path": "p", "packaging": "ZIP", "name": "n.zip" });
    rig.project(with(plain("app"), json!({ "artifacts": artifacts }))).await;
    let mut agent = rig.agent().await;
    let build = rig.build(json!({ "projectName": "app", "debugSessionEnabled": true })).await;
    assert_eq!(build["artifacts"]["location"], "arn:aws:s3:::out/p/n.zip");
    let (token, job) = agent.offer().await;
    assert!(job.debug_session);
    agent
        .tell(Event::Progress {
            token: token.clone(),
            phases: vec![PhaseRecord::begun(Phase::Provisioning, Timestamp(0))],
            commands_started: false,
            image_digest: None,
            resolved_source_version: Some("abc".into()),
        })
        .await;
    let uuid = token.build.uuid();
    let running = rig.get(&build["id"]).await;
    assert_eq!(running["currentPhase"], "PROVISIONING");
    assert_eq!(running["resolvedSourceVersion"], "abc");
    assert_eq!(
        running["debugSession"],
        json!({ "sessionEnabled": true, "sessionTarget": format!("codebuild:{uuid}") })
    );
    let console = "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1";
    assert_eq!(
        running["logs"],
        json!({
            "groupName": "/aws/codebuild/app",
            "streamName": uuid,
            "deepLink": format!("{console}#logsV2:log-groups/log-group/$252Faws$252Fcodebuild$252Fapp/log-events/{uuid}"),
            "cloudWatchLogsArn":
                format!("arn:aws:logs:us-east-1:000000000000:log-group:/aws/codebuild/app:log-stream:{uuid}"),
            "cloudWatchLogs": { "status": "ENABLED" },
            "s3Logs": { "status": "DISABLED", "encryptionDisabled": false },
        })
    );
    let record = ArtifactRecord {
        artifact_identifier: None,
        bucket: "out".into(),
        key: "p/other.zip".into(),
        packaging: Packaging::Zip,
        files: 1,
        size_bytes: 3,
        sha256sum: "aa".into(),
        md5sum: "bb".into(),
    };
    let report = Report {
        exported: vec![("VERSION".into(), "7".into())],
        artifacts: vec![record],
        phases: vec![ended(Phase::Provisioning, 0), ended(Phase::DownloadSource, 0)],
        ..report(Outcome::Succeeded)
    };
    agent.tell(Event::Finish { token, report }).await;
    let done = rig.get(&build["id"]).await;
    assert_eq!((&done["buildStatus"], &done["buildComplete"]), (&json!("SUCCEEDED"), &json!(true)));
    assert_eq!(
        done["artifacts"],
        json!({
            "location": "arn:aws:s3:::out/p/other.zip", "sha256sum": "aa", "md5sum": "bb",
            "overrideArtifactName": false, "encryptionDisabled": false,
        })
    );
    assert_eq!(done["exportedEnvironmentVariables"], json!([{ "name": "VERSION", "value": "7" }]));
    let phases = done["phases"].as_array().unwrap();
    let names: Vec<_> = phases.iter().map(|phase| phase["phaseType"].as_str().unwrap()).collect();
    assert_eq!(names, ["SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "COMPLETED"]);
    assert_eq!(phases[3]["contexts"], json!([{ "statusCode": "", "message": "" }]));
    assert_eq!(phases[4], json!({ "phaseType": "COMPLETED", "startTime": done["endTime"] }));
}

#[tokio::test]
async fn a_stop_ends_a_build_and_asking_again_changes_nothing() {
    let rig = Rig::start().await;
    rig.project(plain("app")).await;
    let id = rig.build(json!({ "projectName": "app" })).await["id"].take();
    let stopped = rig.call("StopBuild", json!({ "id": id })).await;
    assert_eq!(stopped["build"]["buildStatus"], "STOPPED");
    let arn = format!("{ARN}:build/{}", id.as_str().unwrap());
    assert_eq!(rig.call("StopBuild", json!({ "id": arn })).await, stopped);
    let mut agent = rig.agent().await;
    let id = rig.build(json!({ "projectName": "app" })).await["id"].take();
    let (token, _) = agent.offer().await;
    agent.tell(Event::Accept { token: token.clone() }).await;
    let stopping = rig.call("StopBuild", json!({ "id": id })).await;
    assert_eq!(stopping["build"]["buildStatus"], "IN_PROGRESS", "until the agent says so");
    agent.finish(&token, Outcome::Stopped).await;
    assert_eq!(rig.get(&id).await["buildStatus"], "STOPPED");
}

#[tokio::test]
async fn what_names_no_build_is_told_from_what_names_none_that_is_there() {
    let rig = Rig::start().await;
    let foreign = "arn:aws:codebuild:eu-west-1:000000000000:build/app:00000000-0000-4000-8000-000000000001";
    for operation in ["StopBuild", "RetryBuild"] {
        for bad in ["app", "arn:aws:codebuild:us-east-1:000000000000:project/app"] {
            let refused = rig.refused(operation, json!({ "id": bad })).await;
            assert_eq!(refused, ("InvalidInputException".to_owned(), "Invalid build ID provided".to_owned()));
        }
        for unknown in [UNKNOWN, foreign, "app:not-a-uuid", ":"] {
            let refused = rig.refused(operation, json!({ "id": unknown })).await;
            assert_eq!(refused, ("ResourceNotFoundException".to_owned(), format!("Build {unknown} does not exist")));
        }
    }
    assert_eq!(rig.refused("RetryBuild", json!({})).await.1, "Invalid build ID provided");
    let found = rig.call("BatchGetBuilds", json!({ "ids": [UNKNOWN, foreign] })).await;
    assert_eq!(found, json!({ "builds": [], "buildsNotFound": [UNKNOWN, foreign] }));
    for operation in ["BatchGetBuilds", "BatchDeleteBuilds"] {
        let (code, message) = rig.refused(operation, json!({ "ids": [UNKNOWN, "app"] })).await;
        assert_eq!((code.as_str(), message.as_str()), ("InvalidInputException", "Invalid build ID provided"));
    }
}
