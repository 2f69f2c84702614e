//! How builds are shown, without a service.

use super::*;
use buildyard_model::*;
use serde_json::{Value, json};

fn detail(spec: JobSpec) -> BuildDetail {
    let build = buildyard_scheduler::Build::queued(spec, Timestamp(1_500));
    BuildDetail { view: build.view(), job: build.spec }
}

fn spec() -> JobSpec {
    serde_json::from_value(json!({
        "id": "app:00000000-0000-4000-8000-000000000001", "buildNumber": 7, "initiator": "cli", "submittedAt": 1_000,
        "source": { "type": "NO_SOURCE" }, "environment": { "image": "busybox:1" },
        "timeoutSeconds": 90, "queuedTimeoutSeconds": 60, "region": "eu-west-1", "account": "123456789012",
    }))
    .unwrap()
}

fn shown(spec: JobSpec) -> Value {
    serde_json::to_value(build_view(&detail(spec))).unwrap()
}

/// The members of `Build` (reference 17.1).
const MEMBERS: &[&str] = &[
    "id",
    "arn",
    "buildNumber",
    "startTime",
    "endTime",
    "currentPhase",
    "buildStatus",
    "sourceVersion",
    "resolvedSourceVersion",
    "projectName",
    "phases",
    "source",
    "secondarySources",
    "secondarySourceVersions",
    "artifacts",
    "secondaryArtifacts",
    "cache",
    "environment",
    "serviceRole",
    "logs",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "buildComplete",
    "initiator",
    "vpcConfig",
    "networkInterface",
    "encryptionKey",
    "exportedEnvironmentVariables",
    "reportArns",
    "fileSystemLocations",
    "debugSession",
    "buildBatchArn",
    "autoRetryConfig",
];

#[test]
fn a_build_without_a_project_is_shown_with_known_members_and_defaults() {
    let build = shown(spec());
    for member in build.as_object().unwrap().keys() {
        assert!(MEMBERS.contains(&member.as_str()), "{member}");
    }
    assert_eq!(build["arn"], "arn:aws:codebuild:eu-west-1:123456789012:build/app:00000000-0000-4000-8000-000000000001");
    assert_eq!(build["startTime"], json!(1.0));
    assert_eq!(build["phases"][0]["durationInSeconds"], 0);
    assert_eq!(build["phases"][0]["endTime"], json!(1.5));
    assert_eq!((&build["timeoutInMinutes"], &build["queuedTimeoutInMinutes"]), (&json!(2), &json!(1)));
    assert_eq!(build["source"], json!({ "type": "NO_SOURCE", "insecureSsl": false, "reportBuildStatus": false }));
    assert_eq!(
        build["environment"],
        json!({
            "type": "LINUX_CONTAINER", "image": "busybox:1", "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [], "privilegedMode": false, "imagePullCredentialsType": "CODEBUILD",
        })
    );
    assert!(build.get("serviceRole").is_none());
}

#[test]
fn sources_without_a_project_have_the_type_of_their_server_and_no_credentials() {
    for (location, kind) in [
        ("https://github.com/o/r.git", "GITHUB"),
        ("https://bitbucket.org/o/r.git", "BITBUCKET"),
        ("https://gitlab.com/o/r.git", "GITLAB"),
        ("https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/r", "CODECOMMIT"),
        ("https://git.example/o/r.git", "GITHUB_ENTERPRISE"),
        ("git@git.example:o/r.git", "GITHUB_ENTERPRISE"),
    ] {
        let credentials = Some(GitCredentials { username: "me".into(), password: Secret::new("hunter2") });
        let kind_of = SourceKind::Git { location: location.into(), depth: 1, submodules: false, credentials };
        let build = shown(JobSpec { source: Source { kind: kind_of, version: Some("v1".into()) }, ..spec() });
        assert_eq!((&build["source"]["type"], &build["source"]["location"]), (&json!(kind), &json!(location)));
        assert_eq!(build["sourceVersion"], "v1");
        assert!(!build.to_string().contains("hunter2"));
    }
    let local = Source { kind: SourceKind::Local { path: "/home/me/app".into() }, version: None };
    assert_eq!(shown(JobSpec { source: local, ..spec() })["source"]["type"], "NO_SOURCE");
}

#[test]
fn a_buildspec_without_a_project_is_shown_as_it_would_have_been_given() {
    for (origin, text) in [
        (BuildspecOrigin::Default, Value::Null),
        (BuildspecOrigin::Path("ci.yml".into()), json!("ci.yml")),
        (BuildspecOrigin::Inline("version: 0.2\n".into()), json!("version: 0.2\n")),
        (BuildspecOrigin::S3("b/k.yml".into()), json!("arn:aws:s3:::b/k.yml")),
    ] {
        assert_eq!(shown(JobSpec { buildspec: origin, ..spec() })["source"]["buildspec"], text);
    }
}

#[test]
fn artifacts_are_where_the_table_of_the_reference_puts_them() {
    let s3 = |path: &str, namespace_type, name: &str| ArtifactSpec {
        kind: ArtifactKind::S3,
        location: "out".into(),
        path: path.into(),
        namespace_type,
        name: name.into(),
        ..ArtifactSpec::default()
    };
    let uuid = "00000000-0000-4000-8000-000000000001";
    for (artifacts, location) in [
        (s3("", Namespace::None, ""), "arn:aws:s3:::out/app".to_owned()),
        (s3("p", Namespace::BuildId, "n"), format!("arn:aws:s3:::out/p/{uuid}/n")),
        (s3("", Namespace::None, "/"), "arn:aws:s3:::out".to_owned()),
    ] {
        assert_eq!(shown(JobSpec { artifacts, ..spec() })["artifacts"]["location"], location);
    }
}

#[test]
fn logs_are_named_and_linked_as_configured_once_there_are_any() {
    let config: Project = serde_json::from_value(json!({ "logsConfig": {
        "cloudWatchLogs": { "status": "ENABLED", "groupName": "g/h", "streamName": "s" },
        "s3Logs": { "status": "ENABLED", "location": "arn:aws:s3:::logs/builds/", "encryptionDisabled": true },
    } }))
    .unwrap();
    let uuid = "00000000-0000-4000-8000-000000000001";
    let job = JobSpec { project: Some(Box::new(config.clone())), ..spec() };
    let logs = serde_json::to_value(logs::location(&job, &config, true)).unwrap();
    assert_eq!(
        logs,
        json!({
            "groupName": "g/h",
            "streamName": format!("s/{uuid}"),
            "deepLink": format!("https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1\
                #logsV2:log-groups/log-group/g$252Fh/log-events/s$252F{uuid}"),
            "cloudWatchLogsArn": format!("arn:aws:logs:eu-west-1:123456789012:log-group:g/h:log-stream:s/{uuid}"),
            "s3LogsArn": format!("arn:aws:s3:::logs/builds/{uuid}.gz"),
            "s3DeepLink": format!("https://s3.console.aws.amazon.com/s3/object/logs/builds/{uuid}.gz?region=eu-west-1"),
            "cloudWatchLogs": { "status": "ENABLED", "groupName": "g/h", "streamName": "s" },
            "s3Logs": { "status": "ENABLED", "location": "arn:aws:s3:::logs/builds/", "encryptionDisabled": true },
        })
    );
    let before = serde_json::to_value(logs::location(&job, &config, false)).unwrap();
    assert!(["groupName", "streamName", "s3LogsArn", "s3DeepLink"].iter().all(|name| before.get(name).is_none()));
    assert!(before["deepLink"].as_str().unwrap().ends_with("#logEvent:group=null;stream=null"));
}
