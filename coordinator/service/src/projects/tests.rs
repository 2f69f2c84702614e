//! Tables over the pure parts: what is filled in, what is refused, how an update merges.

mod merging;
mod refusals;

use super::record::ProjectRecord;
use super::{ProjectRequest, finished};
use crate::{Error, Kind, Settings, Timings};
use buildyard_model::Project;
use serde_json::{Value, json};

fn settings() -> Settings {
    Settings {
        region: "eu-west-1".into(),
        prices: crate::Prices::default(),
        account: "123456789012".into(),
        endpoint_url: "https://builds.example".into(),
        artifact_bucket: "artifacts".into(),
        system_bucket: "system".into(),
        join_token_sha256: String::new(),
        retention: crate::Retention::default(),
        queue: crate::Queueing::default(),
        builds: crate::BuildSettings::default(),
        client_tokens_sha256: vec![],
        timings: Timings::default(),
    }
}

/// The least that a project can be.
fn least() -> Value {
    json!({
        "name": "demo",
        "source": {"type": "GITHUB", "location": "https://github.com/team/demo.git"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "demo:1", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": "builder",
    })
}

/// The least with members put in place of others, as `/environment/type` or `/cache`.
fn least_with(members: &[(&str, Value)]) -> Value {
    let mut request = least();
    for (place, value) in members {
        let (parent, name) = place.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    request
}

fn onto(project: Project, request: Value) -> Result<Project, Error> {
    let request: ProjectRequest = serde_json::from_value(request).unwrap();
    let badge = request.badge_enabled.unwrap_or(false);
    let mut record = ProjectRecord::new(Project { name: "demo".into(), ..request.onto(project)? });
    record.turn_badge(badge);
    Ok(finished(record, &settings())?.shown(&settings()))
}

fn made(request: Value) -> Result<Project, Error> {
    onto(Project::default(), request)
}

fn refusal(request: Value) -> Option<String> {
    let error = made(request).err()?;
    assert_eq!(error.kind, Kind::Invalid, "{error}");
    Some(error.message)
}

#[test]
fn what_is_not_said_is_filled_in() {
    let project =
        serde_json::to_value(made(least_with(&[("/artifacts", json!({"type": "S3", "location": "out"}))])).unwrap())
            .unwrap();
    let expected = json!({
        "name": "demo",
        "arn": "",
        "source": {
            "type": "GITHUB",
            "location": "https://github.com/team/demo.git",
            "insecureSsl": false,
            "reportBuildStatus": false,
        },
        "secondarySources": [],
        "secondarySourceVersions": [],
        "artifacts": {
            "type": "S3",
            "location": "out",
            "name": "demo",
            "namespaceType": "NONE",
            "packaging": "NONE",
            "encryptionDisabled": false,
        },
        "secondaryArtifacts": [],
        "cache": {"type": "NO_CACHE"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "demo:1",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [],
            "privilegedMode": false,
            "imagePullCredentialsType": "CODEBUILD",
        },
        "serviceRole": "arn:aws:iam::123456789012:role/service-role/builder",
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "encryptionKey": "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3",
        "tags": [],
        "badge": {"badgeEnabled": false},
        "projectVisibility": "PRIVATE",
    });
    assert_eq!(project, expected);
}

#[test]
fn filling_in_twice_changes_nothing() {
    let mut once = made(least()).unwrap();
    let first = once.clone();
    super::defaults::fill(&mut once, &settings()).unwrap();
    assert_eq!(once, first);
}

#[test]
fn what_is_ignored_is_dropped() {
    let nothing = json!({"type": "NO_SOURCE", "location": "x", "buildspec": "version: 0.2\nphases: {}"});
    assert_eq!(made(least_with(&[("/source", nothing)])).unwrap().source.location, None);
    let server = json!({"computeType": "BUILD_GENERAL1_SMALL", "status": {"status": "ACTIVE"}});
    let project = made(least_with(&[("/environment/dockerServer", server)])).unwrap();
    assert_eq!(project.environment.docker_server.unwrap().status, None);
}

#[test]
fn a_badge_is_on_our_own_endpoint_and_shows_the_branch_that_is_built() {
    for (version, branch) in [
        (Value::Null, "main"),
        (json!("release"), "release"),
        (json!("refs/heads/team/x"), "team/x"),
        (json!("refs/tags/v1"), "main"),
        (json!("pr/7"), "main"),
        (json!("a&b=c"), "main"),
        (json!("0123456789012345678901234567890123456789"), "main"),
    ] {
        let project = made(least_with(&[("/badgeEnabled", json!(true)), ("/sourceVersion", version)])).unwrap();
        let url = project.badge.unwrap().badge_request_url.unwrap();
        let token = url.strip_prefix("https://builds.example/badges?uuid=").unwrap();
        let token = token.strip_suffix(&format!("&branch={branch}")).unwrap();
        assert_eq!(uuid::Uuid::parse_str(token).unwrap().get_version_num(), 4);
    }
}

#[test]
fn names_and_arns_name_the_same_project() {
    let settings = settings();
    let arn = settings.project_arn("demo");
    assert_eq!(arn, "arn:aws:codebuild:eu-west-1:123456789012:project/demo");
    assert_eq!(settings.project_name(&arn), Some("demo"));
    assert_eq!(settings.project_name("demo"), Some("demo"));
    for foreign in [
        "arn:aws:codebuild:eu-west-2:123456789012:project/demo",
        "arn:aws:codebuild:eu-west-1:123456789013:project/demo",
        "arn:aws:codebuild:eu-west-1:123456789012:build/demo",
        "arn:aws:codebuild:eu-west-1:123456789012:project/",
        // Or what is allowed on one ARN would be done to another.
        "arn:aws:codebuild:eu-west-1:123456789012:project/arn:aws:codebuild:eu-west-1:123456789012:project/demo",
        "../demo",
    ] {
        assert_eq!(settings.project_name(foreign), None, "{foreign}");
    }
}

#[test]
fn a_cache_is_forgotten_by_invalidation_and_by_nothing_else() {
    let id = |record: &ProjectRecord| serde_json::to_value(record).unwrap()["cacheId"].clone();
    let first = ProjectRecord::new(made(least()).unwrap());
    let read: ProjectRecord = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
    assert_eq!(read, first);
    let mut record = finished(read, &settings()).unwrap();
    assert_eq!(id(&record), id(&first));
    record.forget_cache();
    assert_ne!(id(&record), id(&first));
}
