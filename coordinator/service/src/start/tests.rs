//! Tables of what overrides, sources, sizes and credentials become.

use super::{credentials, job, overrides, source};
use crate::{Overrides, Settings, Timings};
use buildyard_model::project::{Project, ProjectSource};
use buildyard_model::{BuildspecOrigin, ComputeType, JobSpec, SourceKind, Timestamp};
use serde_json::{Value, json};

fn project(more: Value) -> Project {
    let mut project = json!({
        "name": "app",
        "source": { "type": "GITHUB", "location": "https://github.com/o/app.git", "buildspec": "b.yml",
            "auth": { "type": "OAUTH" }, "reportBuildStatus": true, "gitCloneDepth": 1 },
        "sourceVersion": "main",
        "secondarySources": [
            { "type": "S3", "location": "bucket/one.zip", "sourceIdentifier": "one" },
            { "type": "S3", "location": "bucket/two.zip", "sourceIdentifier": "two" },
        ],
        "secondarySourceVersions": [
            { "sourceIdentifier": "one", "sourceVersion": "1" }, { "sourceIdentifier": "two", "sourceVersion": "2" },
        ],
        "artifacts": { "type": "NO_ARTIFACTS" },
        "environment": { "type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL" },
    });
    let Value::Object(more) = more else { panic!("members are wanted") };
    project.as_object_mut().unwrap().extend(more);
    serde_json::from_value(project).unwrap()
}

fn merged(overrides: Value) -> Project {
    let overrides: Overrides = serde_json::from_value(overrides).unwrap();
    overrides::apply(project(json!({})), overrides).unwrap()
}

fn job_of(project: Project) -> JobSpec {
    let settings = Settings {
        region: "us-east-1".into(),
        prices: crate::Prices::default(),
        account: "000000000000".into(),
        artifact_bucket: "artifacts".into(),
        system_bucket: "system".into(),
        join_token_sha256: String::new(),
        endpoint_url: "http://localhost:8080".into(),
        retention: crate::Retention::default(),
        queue: crate::Queueing::default(),
        builds: crate::BuildSettings::default(),
        client_tokens_sha256: vec![],
        timings: Timings::default(),
    };
    let id = "app:00000000-0000-4000-8000-000000000001".parse().unwrap();
    let order = job::Order { id, initiator: "me".into(), debug_session: false, now: Timestamp(5) };
    job::job(project, order, &settings).unwrap()
}

#[test]
fn nothing_overridden_is_the_project_itself() {
    assert_eq!(merged(json!({})), project(json!({})));
    assert_eq!(merged(json!({ "imageOverride": null, "environmentVariablesOverride": [] })), project(json!({})));
}

#[test]
fn another_type_of_source_takes_nothing_over_but_location_and_buildspec() {
    let source = merged(json!({ "sourceTypeOverride": "GITHUB_ENTERPRISE" }));
    let kept = ProjectSource {
        kind: "GITHUB_ENTERPRISE".into(),
        location: Some("https://github.com/o/app.git".into()),
        buildspec: Some("b.yml".into()),
        ..ProjectSource::default()
    };
    assert_eq!((source.source, source.source_version), (kept, None));
    let none = merged(json!({ "sourceTypeOverride": "NO_SOURCE", "buildspecOverride": "version: 0.2" }));
    assert_eq!((none.source.location, none.source.buildspec.as_deref()), (None, Some("version: 0.2")));
    let same = merged(json!({ "sourceTypeOverride": "GITHUB", "sourceVersion": "dev" }));
    assert_eq!((same.source, same.source_version.as_deref()), (project(json!({})).source, Some("dev")));
}

#[test]
fn versions_of_secondary_sources_are_joined_by_identifier() {
    let versions = |overrides| {
        let versions = merged(overrides).secondary_source_versions;
        versions.into_iter().map(|one| (one.source_identifier, one.source_version)).collect::<Vec<_>>()
    };
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    let given = json!([{ "sourceIdentifier": "one", "sourceVersion": "9" }]);
    assert_eq!(versions(json!({ "secondarySourcesVersionOverride": given })), [pair("two", "2"), pair("one", "9")]);
    let sources = json!([{ "type": "S3", "location": "bucket/z", "sourceIdentifier": "two" }]);
    assert_eq!(versions(json!({ "secondarySourcesOverride": sources })), [pair("two", "2")]);
}

#[test]
fn artifacts_that_are_given_replace_the_stored_ones_whole() {
    let artifacts = merged(json!({ "artifactsOverride": { "type": "S3", "location": "b" } })).artifacts;
    assert_eq!(
        (artifacts.name.as_deref(), artifacts.packaging.as_deref(), artifacts.namespace_type.as_deref()),
        (Some("app"), Some("NONE"), Some("NONE"))
    );
}

#[test]
fn a_job_holds_the_project_and_what_follows_from_it() {
    let job = job_of(project(json!({})));
    assert_eq!(job.project.as_deref(), Some(&project(json!({}))));
    assert_eq!((job.timeout_seconds, job.queued_timeout_seconds), (3600, 28_800));
    assert_eq!(job.buildspec, BuildspecOrigin::Path("b.yml".into()));
    assert_eq!(job.source.version.as_deref(), Some("main"));
    let versions: Vec<_> = job.secondary_sources.iter().map(|one| one.source.version.as_deref()).collect();
    assert_eq!(versions, [Some("1"), Some("2")]);
}

#[test]
fn a_curated_image_stands_for_one_that_is_here_and_the_project_keeps_its_name() {
    let environment = json!({ "type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL" });
    let job = job_of(project(json!({ "environment": environment })));
    assert_eq!(job.environment.image, "buildyard/standard:1.0");
    assert_eq!(job.project.unwrap().environment.image, "aws/codebuild/standard:7.0");
}

#[test]
fn attributes_find_the_smallest_size_that_has_them() {
    let size = |configuration: Value| {
        let environment = json!({ "type": "LINUX_CONTAINER", "image": "x", "computeType": "ATTRIBUTE_BASED_COMPUTE",
            "computeConfiguration": configuration });
        job_of(project(json!({ "environment": environment }))).environment.compute_type
    };
    assert_eq!(size(json!({})), ComputeType::Small);
    assert_eq!(size(json!({ "vCpu": 2, "memory": 5 })), ComputeType::Medium);
    assert_eq!(size(json!({ "vCpu": 9 })), ComputeType::XLarge);
}

#[test]
fn each_type_of_source_becomes_what_an_agent_fetches() {
    let kind = |kind: &str, location: &str| {
        let given = ProjectSource { kind: kind.into(), location: Some(location.into()), ..ProjectSource::default() };
        source::source(&given, None).map(|source| source.kind)
    };
    let git =
        |location: &str| SourceKind::Git { location: location.into(), depth: 0, submodules: false, credentials: None };
    for (of, location) in [
        ("GITHUB", "https://github.com/o/r"),
        ("GITHUB_ENTERPRISE", "http://git.example:8080/o/r.git"),
        ("GITLAB", "https://gitlab.com/o/r.git"),
        ("GITLAB_SELF_MANAGED", "https://lab.example/o/r.git"),
        ("CODECOMMIT", "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/r"),
    ] {
        assert_eq!(kind(of, location).unwrap(), git(location), "{of}");
    }
    assert_eq!(kind("BITBUCKET", "https://me@bitbucket.org/o/r.git").unwrap(), git("https://bitbucket.org/o/r.git"));
    assert_eq!(kind("S3", "arn:aws:s3:::b-b/k.zip").unwrap(), SourceKind::S3 { location: "b-b/k.zip".into() });
    assert_eq!(kind("NO_SOURCE", "").unwrap(), SourceKind::None);
    for (of, location) in [("CODEPIPELINE", ""), ("S3", ""), ("GITHUB", "file:///etc"), ("SVN", "https://a/b")] {
        assert!(kind(of, location).is_err(), "{of} {location}");
    }
}

#[test]
fn credentials_go_only_to_the_provider_or_to_a_server_that_the_project_names() {
    let of = |kind: &str, location: &str| ProjectSource {
        kind: kind.into(),
        location: Some(location.into()),
        ..ProjectSource::default()
    };
    let mut stored = project(json!({}));
    stored.source = of("GITHUB_ENTERPRISE", "https://git.example/o/app.git");
    for (source, may) in [
        (of("GITHUB", "https://github.com/any/thing.git"), true),
        (of("GITHUB", "https://evil.example/github.com/x.git"), false),
        (of("GITHUB", "https://github.com@evil.example/x.git"), false),
        (of("GITHUB", "http://github.com/x.git"), false),
        (of("GITHUB", "https://github.com:444/x.git"), false),
        (of("BITBUCKET", "https://me@bitbucket.org/o/r.git"), true),
        (of("GITHUB_ENTERPRISE", "https://GIT.example/o/other.git"), true),
        (of("GITHUB_ENTERPRISE", "https://evil.example/o/app.git"), false),
        (of("GITLAB_SELF_MANAGED", "https://git.example/o/app.git"), false),
    ] {
        assert_eq!(credentials::may_have(&source, &stored), may, "{source:?}");
    }
}
