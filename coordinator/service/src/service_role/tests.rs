//! What builds get and do not get, by the role of their project.

use crate::parameters::{NewParameter, ParameterType};
use crate::stored_secrets::{NewSecret, SecretValue};
use crate::testing::{Rig, TestAgent};
use crate::transfers::UploadRequest;
use crate::{Error, Kind, Overrides, SecretKind};
use buildyard_model::{LeaseToken, Secret, SystemClock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

async fn rig(require_role: bool) -> Rig {
    let store = Arc::new(buildyard_store::Memory::default());
    let rig = Rig::start_on(store, Arc::new(SystemClock), |settings| settings.builds.require_role = require_role).await;
    for name in ["/app/key", "/other"] {
        let parameter = NewParameter {
            name: name.into(),
            value: Secret::new("value"),
            kind: Some(ParameterType::SecureString),
            description: None,
            allowed_pattern: None,
            key_id: None,
            tier: None,
            data_type: None,
            tags: BTreeMap::new(),
            overwrite: false,
            by: "root".into(),
        };
        rig.service.safe().put_parameter(&parameter).await.unwrap();
    }
    for name in ["db", "mail"] {
        let secret = NewSecret {
            name: name.into(),
            description: None,
            key_id: None,
            tags: BTreeMap::new(),
            version: Some(("1".repeat(32), SecretValue::Text(Secret::new(r#"{"password":"value"}"#)))),
        };
        rig.service.safe().create_secret(&secret).await.unwrap();
    }
    rig
}

fn allow(actions: &[&str], resources: &[&str]) -> String {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": resources}})
        .to_string()
}

async fn arn_of(rig: &Rig, secret: &str) -> String {
    let safe = rig.service.safe();
    safe.secret_arn(&safe.secret(secret).await.unwrap().unwrap())
}

/// A user `builds` who may read one parameter and one secret, the latter by its whole ARN.
async fn with_user(rig: &Rig) {
    rig.service.create_user("builds").await.unwrap();
    let parameter = "arn:aws:ssm:us-east-1:000000000000:parameter/app/*";
    let document =
        allow(&["ssm:GetParameters", "secretsmanager:GetSecretValue"], &[parameter, &arn_of(rig, "db").await]);
    rig.service.put_inline_policy("builds", "reads", Some(&document)).await.unwrap();
}

/// Makes a project of that role and gives a build of it to an agent.
async fn offered(rig: &Rig, role: &str, more: Value) -> (TestAgent, LeaseToken) {
    let mut project = json!({
        "name": "app", "serviceRole": role,
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {}"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
    });
    project.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rig.service.create_project(serde_json::from_value(project).unwrap()).await.unwrap();
    let mut agent = rig.connect("a1", 1, vec![]).await;
    rig.service.start_build(&"app".parse().unwrap(), Overrides::default(), "me", None).await.unwrap();
    let token = agent.offer().await;
    (agent, token)
}

async fn get(rig: &Rig, build: &(TestAgent, LeaseToken), kind: SecretKind, name: &str) -> Result<(), Error> {
    let values = rig.service.resolve_secrets(&build.0.name, &build.1, &[(kind, name.to_owned())]).await?;
    assert_eq!(
        values[0].expose(),
        if name.ends_with("password") || kind == PARAMETER { "value" } else { r#"{"password":"value"}"# }
    );
    Ok(())
}

const PARAMETER: SecretKind = SecretKind::ParameterStore;
const SECRET: SecretKind = SecretKind::SecretsManager;

#[tokio::test]
async fn a_role_that_names_a_user_gives_its_builds_what_the_user_may_read_and_nothing_else() {
    let rig = rig(false).await;
    with_user(&rig).await;
    let build = offered(&rig, "builds", json!({})).await;
    let arn = arn_of(&rig, "db").await;
    for (kind, name) in [
        (PARAMETER, "/app/key"),
        (PARAMETER, "/app/key:1"),
        (PARAMETER, "arn:aws:ssm:us-east-1:000000000000:parameter/app/key:1"),
        (SECRET, "db"),
        (SECRET, "db:password"),
        (SECRET, &format!("{arn}:password")),
        (SECRET, &arn[..arn.len() - 7]),
    ] {
        get(&rig, &build, kind, name).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let mail = arn_of(&rig, "mail").await;
    for (kind, name, action, resource) in [
        (PARAMETER, "/other", "ssm:GetParameters", "arn:aws:ssm:us-east-1:000000000000:parameter/other"),
        (PARAMETER, "/none:1", "ssm:GetParameters", "arn:aws:ssm:us-east-1:000000000000:parameter/none"),
        (SECRET, "mail:password", "secretsmanager:GetSecretValue", &mail),
        (SECRET, &mail[..mail.len() - 7], "secretsmanager:GetSecretValue", &mail),
    ] {
        let refused = get(&rig, &build, kind, name).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Denied, "{name}");
        let expected = format!(
            "User: arn:aws:iam::000000000000:role/service-role/builds is not authorized to perform: {action} on resource: {resource}"
        );
        assert!(refused.message.contains(&expected), "{}", refused.message);
    }
    rig.service.put_inline_policy("builds", "reads", None).await.unwrap();
    assert_eq!(get(&rig, &build, SECRET, "db").await.unwrap_err().kind, Kind::Denied, "a change counts at once");
}

#[tokio::test]
async fn a_role_may_name_a_policy() {
    let rig = rig(true).await;
    let parameter = "arn:aws:ssm:us-east-1:000000000000:parameter/other";
    rig.service.put_policy("reads-other", &allow(&["ssm:*"], &[parameter])).await.unwrap();
    let build = offered(&rig, "arn:aws:iam::000000000000:role/team/reads-other", json!({})).await;
    get(&rig, &build, PARAMETER, "/other").await.unwrap();
    assert_eq!(get(&rig, &build, PARAMETER, "/app/key").await.unwrap_err().kind, Kind::Denied);
    assert_eq!(get(&rig, &build, SECRET, "db").await.unwrap_err().kind, Kind::Denied);
}

#[tokio::test]
async fn a_role_that_names_nobody_binds_nothing_unless_secrets_need_one() {
    let free = rig(false).await;
    let build = offered(&free, "codebuild", json!({})).await;
    get(&free, &build, PARAMETER, "/other").await.unwrap();
    get(&free, &build, SECRET, "mail").await.unwrap();

    let strict = rig(true).await;
    let build = offered(&strict, "codebuild", json!({})).await;
    for (kind, name) in [(PARAMETER, "/other"), (SECRET, "mail")] {
        let refused = get(&strict, &build, kind, name).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Denied);
        assert!(
            refused.message.contains("role/service-role/codebuild of project app names no user"),
            "{}",
            refused.message
        );
    }
    drop(build);
    let mut agent = strict.connect("a2", 1, vec![]).await;
    strict.submit("loose").await;
    let token = agent.offer().await;
    let refused = get(&strict, &(agent, token), PARAMETER, "/other").await.unwrap_err();
    assert!(refused.kind == Kind::Denied && refused.message.contains("belongs to no project"), "{}", refused.message);
}

#[tokio::test]
async fn a_bound_build_reads_and_writes_only_the_objects_that_its_role_may() {
    let rig = rig(false).await;
    let document = allow(&["s3:GetObject"], &["arn:aws:s3:::input/src.zip"]);
    rig.service.put_policy("reads-source", &document).await.unwrap();
    let (agent, token) = offered(
        &rig,
        "reads-source",
        json!({
            "source": {"type": "S3", "location": "input/src.zip"},
            "secondarySources": [
                {"type": "S3", "location": "input/folder/", "sourceIdentifier": "folder"},
                {"type": "S3", "location": "input/other.zip", "sourceIdentifier": "other"},
            ],
            "artifacts": {"type": "S3", "location": "output", "packaging": "ZIP"},
        }),
    )
    .await;
    for key in ["src.zip", "other.zip", "folder/a"] {
        buildyard_blobs::Objects::put(&*rig.blobs, "input", key, "x".into()).await.unwrap();
    }
    let read = async |key: &str| rig.service.presign_download(&agent.name, &token, "input", key, None, "").await;
    read("src.zip").await.unwrap();
    let upload = || [UploadRequest { bucket: "output".into(), key: "app".into(), size_bytes: 1 }];
    let write = async || rig.service.begin_uploads(&agent.name, &token, &upload()).await;
    for (refused, action) in [
        (read("other.zip").await.unwrap_err(), "s3:GetObject on resource: arn:aws:s3:::input/other.zip"),
        (read("folder/").await.unwrap_err(), "s3:ListBucket on resource: arn:aws:s3:::input "),
        (write().await.unwrap_err(), "s3:PutObject on resource: arn:aws:s3:::output/app"),
    ] {
        assert!(refused.kind == Kind::Denied && refused.message.contains(action), "{}", refused.message);
    }
    let wider = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::input/folder/b"},
    ]});
    rig.service.put_policy("reads-source", &wider.to_string()).await.unwrap();
    write().await.unwrap();
    assert_eq!(read("folder/").await.unwrap().objects.len(), 1);
    buildyard_blobs::Objects::put(&*rig.blobs, "input", "folder/b", "x".into()).await.unwrap();
    assert_eq!(read("folder/").await.unwrap_err().kind, Kind::Denied);
}

#[tokio::test]
async fn a_role_is_passed_by_whoever_names_it_where_it_binds_or_would_unbind() {
    let rig = rig(false).await;
    with_user(&rig).await;
    let asked = async |rig: &Rig, project: &str, role: Option<&str>| {
        let passing = rig.service.passing(project, role).await.unwrap();
        passing.map(|reach| format!("{} {}", reach.action, reach.resource))
    };
    let pass = |role: &str| Some(format!("iam:PassRole arn:aws:iam::000000000000:role/service-role/{role}"));
    assert_eq!(asked(&rig, "new", Some("codebuild")).await, None);
    assert_eq!(asked(&rig, "new", Some("builds")).await, pass("builds"));
    assert_eq!(asked(&rig, "new", None).await, None);
    offered(&rig, "builds", json!({})).await;
    assert_eq!(asked(&rig, "app", Some("codebuild")).await, pass("codebuild"), "it would unbind the build");
    assert_eq!(asked(&rig, "app", None).await, None);
    let foreign = Some("arn:aws:iam::111111111111:role/builds");
    assert_eq!(rig.service.passing("new", foreign).await.unwrap_err().kind, Kind::Invalid);
    let strict = self::rig(true).await;
    assert_eq!(asked(&strict, "new", Some("later")).await, pass("later"), "it may be somebody tomorrow");
}
