use super::rules::in_secret;
use super::{ImportedCredential, Service};
use crate::Kind;
use crate::testing::Rig;
use buildyard_model::project::{ProjectSource, SourceAuth};
use buildyard_model::{GitCredentials, Secret};
use serde_json::{Value, json};

fn given(value: Value) -> ImportedCredential {
    serde_json::from_value(value).unwrap()
}

fn source(kind: &str) -> ProjectSource {
    ProjectSource { kind: kind.into(), ..ProjectSource::default() }
}

async fn credential(service: &Service, kind: &str) -> Option<(String, String)> {
    let found = service.source_credential(&source(kind)).await.unwrap()?;
    Some((found.username, found.password.expose().to_owned()))
}

#[tokio::test]
async fn a_credential_is_for_its_kind_of_server() {
    let rig = Rig::start().await;
    for import in [
        json!({"serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "t1"}),
        json!({"serverType": "BITBUCKET", "authType": "BASIC_AUTH", "token": "t2", "username": "somebody"}),
        json!({"serverType": "GITLAB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "t3"}),
    ] {
        rig.service.import_source_credential(given(import)).await.unwrap();
    }
    let pair = |name: &str, token: &str| Some((name.to_owned(), token.to_owned()));
    assert_eq!(credential(&rig.service, "GITHUB").await, pair("x-access-token", "t1"));
    assert_eq!(credential(&rig.service, "BITBUCKET").await, pair("somebody", "t2"));
    assert_eq!(credential(&rig.service, "GITLAB").await, pair("oauth2", "t3"));
    for other in ["GITHUB_ENTERPRISE", "GITLAB_SELF_MANAGED", "S3", "NO_SOURCE", "CODECOMMIT"] {
        assert_eq!(credential(&rig.service, other).await, None, "{other}");
    }
}

#[tokio::test]
async fn a_source_that_names_what_cannot_be_had_gets_nothing_else() {
    let rig = Rig::start().await;
    let import = json!({"serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "t1"});
    rig.service.import_source_credential(given(import)).await.unwrap();
    let by = |kind: &str| {
        let auth = SourceAuth { kind: kind.into(), resource: Some("arn:aws:secretsmanager:r:1:secret:s".into()) };
        ProjectSource { auth: Some(auth), ..source("GITHUB") }
    };
    assert!(rig.service.source_credential(&by("OAUTH")).await.unwrap().is_some());
    for kind in ["CODECONNECTIONS", "SECRETS_MANAGER"] {
        let error = rig.service.source_credential(&by(kind)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{kind}: {error}");
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_not_imported() {
    let rig = Rig::start().await;
    for import in [
        json!({"serverType": "GITHUB", "authType": "OAUTH", "token": "t-o-k-e-n"}),
        json!({"serverType": "GITHUB", "authType": "CODECONNECTIONS", "token": "t-o-k-e-n"}),
        json!({"serverType": "GITHUB", "authType": "BASIC_AUTH", "token": "t-o-k-e-n", "username": "u"}),
        json!({"serverType": "BITBUCKET", "authType": "BASIC_AUTH", "token": "t-o-k-e-n"}),
        json!({"serverType": "BITBUCKET", "authType": "BASIC_AUTH", "token": "t-o-k-e-n", "username": "a:b"}),
        json!({"serverType": "GITHUB", "authType": "SECRETS_MANAGER", "token": "t-o-k-e-n"}),
        json!({"serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN", "token": "t-o-k-e-n\n"}),
    ] {
        let error = rig.service.import_source_credential(given(import.clone())).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{import}");
        assert!(!error.message.contains("t-o-k-e-n"), "{error}");
    }
    assert_eq!(rig.service.list_source_credentials().await.unwrap(), []);
}

#[test]
fn a_secret_holds_credentials_for_one_kind_of_server() {
    let held = |value: Value| in_secret(&Secret::new(value.to_string()), "GITHUB");
    let token = json!({"ServerType": "GITHUB", "AuthType": "PERSONAL_ACCESS_TOKEN", "Token": "t"});
    assert_eq!(held(token), Some(GitCredentials { username: "x-access-token".into(), password: Secret::new("t") }));
    for useless in [
        json!({"ServerType": "GITLAB", "AuthType": "PERSONAL_ACCESS_TOKEN", "Token": "t"}),
        json!({"ServerType": "GITHUB", "AuthType": "CODECONNECTIONS", "Token": "t"}),
        json!({"ServerType": "GITHUB", "AuthType": "BASIC_AUTH", "Token": "t"}),
        json!({"ServerType": "GITHUB", "AuthType": "PERSONAL_ACCESS_TOKEN", "Token": ""}),
        json!({"ServerType": "GITHUB"}),
        json!("t"),
    ] {
        assert_eq!(held(useless.clone()), None, "{useless}");
    }
}
