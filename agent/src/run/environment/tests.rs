use super::*;
use buildyard_model::EnvironmentVariable;

fn job() -> JobSpec {
    serde_json::from_value(serde_json::json!({
        "id": "web:00000000-0000-0000-0000-000000000007", "buildNumber": 12, "initiator": "ada",
        "submittedAt": 1_633_069_563_930_i64, "source": {"type": "NO_SOURCE"},
        "environment": {"image": "aws/codebuild/standard:7.0"},
        "timeoutSeconds": 60, "queuedTimeoutSeconds": 60, "region": "eu-west-1", "account": "123456789012",
    }))
    .unwrap()
}

fn primary() -> PlacedSource {
    PlacedSource {
        identifier: None,
        directory: "/codebuild/output/src42/src/github.com/a/b".into(),
        version: "main".into(),
        repository_url: "https://github.com/a/b.git".into(),
        resolved: Some("c0ffee".into()),
    }
}

fn variable(name: &str, value: &str, kind: VariableKind) -> EnvironmentVariable {
    EnvironmentVariable { name: name.into(), value: value.into(), kind }
}

fn assembled(job: &JobSpec, sources: &[PlacedSource], env: &Env) -> Assembled {
    let go_path = Path::new("/codebuild/output/src42");
    assemble(&Facts { job, sources, env, home: Some("/root"), go_path })
}

#[test]
fn a_projects_image_key_and_stream_are_told_as_it_names_them() {
    let told = |project: serde_json::Value| {
        let job = JobSpec { project: Some(serde_json::from_value(project).unwrap()), ..job() };
        let given = assembled(&job, &[primary()], &Env::default()).plain;
        ["BUILD_IMAGE", "KMS_KEY_ID", "LOG_PATH"].map(|name| given[&format!("CODEBUILD_{name}")].clone())
    };
    let kms = |rest: &str| format!("arn:aws:kms:eu-west-1:123456789012:{rest}");
    let uuid = "00000000-0000-0000-0000-000000000007";
    let project = |key: &str, stream: &str| {
        let logs = serde_json::json!({"cloudWatchLogs": {"status": "ENABLED", "streamName": stream}});
        serde_json::json!({"name": "web", "environment": {"image": "i:1"}, "encryptionKey": key, "logsConfig": logs})
    };
    assert_eq!(told(project("alias/mine", "nightly")), ["i:1".into(), kms("alias/mine"), format!("nightly/{uuid}")]);
    assert_eq!(told(project("", ""))[1..], [kms("alias/aws/s3"), uuid.to_owned()]);
    assert_eq!(told(project(&kms("key/1"), ""))[1], kms("key/1"));
    assert_eq!(told(project(uuid, ""))[1], kms(&format!("key/{uuid}")));
}

#[test]
fn every_variable_of_the_platform_is_there() {
    let secondary = PlacedSource {
        identifier: Some("tools".into()),
        directory: "/codebuild/output/src43/src".into(),
        version: String::new(),
        repository_url: "s3://bucket/key.zip".into(),
        resolved: None,
    };
    let given = assembled(&job(), &[primary(), secondary], &Env::default());
    let lines: Vec<_> = given.plain.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected = "\
AWS_DEFAULT_REGION=eu-west-1
AWS_REGION=eu-west-1
CODEBUILD_BUILD_ARN=arn:aws:codebuild:eu-west-1:123456789012:build/web:00000000-0000-0000-0000-000000000007
CODEBUILD_BUILD_ID=web:00000000-0000-0000-0000-000000000007
CODEBUILD_BUILD_IMAGE=aws/codebuild/standard:7.0
CODEBUILD_BUILD_NUMBER=12
CODEBUILD_BUILD_SUCCEEDING=1
CODEBUILD_BUILD_URL=https://eu-west-1.console.aws.amazon.com/codebuild/home?region=eu-west-1#/builds/web:00000000-0000-0000-0000-000000000007/view/new
CODEBUILD_CI=true
CODEBUILD_CONTAINER_NAME=default
CODEBUILD_EXECUTION_ROLE_BUILD=
CODEBUILD_GOPATH=/codebuild/output/src42
CODEBUILD_INITIATOR=ada
CODEBUILD_KMS_KEY_ID=arn:aws:kms:eu-west-1:123456789012:alias/aws/s3
CODEBUILD_LAST_EXIT=0
CODEBUILD_LOG_PATH=00000000-0000-0000-0000-000000000007
CODEBUILD_PROJECT_ARN=arn:aws:codebuild:eu-west-1:123456789012:project/web
CODEBUILD_PUBLIC_BUILD_URL=
CODEBUILD_RESOLVED_SOURCE_VERSION=c0ffee
CODEBUILD_SOURCE_REPO_URL=https://github.com/a/b.git
CODEBUILD_SOURCE_REPO_URL_tools=s3://bucket/key.zip
CODEBUILD_SOURCE_VERSION=main
CODEBUILD_SOURCE_VERSION_tools=
CODEBUILD_SRC_DIR=/codebuild/output/src42/src/github.com/a/b
CODEBUILD_SRC_DIR_tools=/codebuild/output/src43/src
CODEBUILD_START_TIME=1633069563930
GOPATH=/go:/codebuild/output/src42
HOME=/root";
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn the_start_call_beats_the_buildspec_and_nobody_beats_the_platform() {
    let mut job = job();
    job.environment.environment_variables =
        vec![variable("BOTH", "job", VariableKind::Plaintext), variable("AWS_REGION", "mars", VariableKind::Plaintext)];
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let env = Env {
        variables: vec![pair("BOTH", "spec"), pair("ONLY", "1.10"), pair("CODEBUILD_BUILD_ID", "forged")],
        ..Env::default()
    };
    let plain = assembled(&job, &[primary()], &env).plain;
    assert_eq!(plain["BOTH"], "job");
    assert_eq!(plain["ONLY"], "1.10");
    assert_eq!(plain["AWS_REGION"], "mars");
    assert_eq!(plain["CODEBUILD_BUILD_ID"], "web:00000000-0000-0000-0000-000000000007");
}

#[test]
fn a_variable_is_either_plain_or_secret() {
    let mut job = job();
    job.environment.environment_variables =
        vec![variable("A", "/a", VariableKind::ParameterStore), variable("B", "plain", VariableKind::Plaintext)];
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let env = Env {
        variables: vec![pair("A", "spec")],
        parameter_store: vec![pair("B", "/b"), pair("C", "/c")],
        secrets_manager: vec![pair("D", "id:key")],
        ..Env::default()
    };
    let given = assembled(&job, &[primary()], &env);
    assert!(!given.plain.contains_key("A"), "the job's secret replaces the buildspec's plain value");
    assert_eq!(given.plain["B"], "plain", "the job's plain value replaces the buildspec's secret");
    let secrets: Vec<_> = given.secrets.iter().map(|s| (s.name.as_str(), s.kind, s.reference.as_str())).collect();
    assert_eq!(
        secrets,
        [
            ("A", VariableKind::ParameterStore, "/a"),
            ("C", VariableKind::ParameterStore, "/c"),
            ("D", VariableKind::SecretsManager, "id:key"),
        ]
    );
}
