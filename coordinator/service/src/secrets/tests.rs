//! What builds are given, from where, and what they are told otherwise.

use super::*;
use crate::parameters::{NewParameter, ParameterType};
use crate::stored_secrets::{Deletion, NewSecret, NewVersion, SecretValue};
use crate::{Kind, Safe};
use buildyard_model::SystemClock;
use buildyard_store::{Memory, Store};
use buildyard_vault::Vault;
use std::collections::BTreeMap;
use std::sync::Arc;

fn safe(store: &Arc<dyn Store>, vault: &Vault) -> Safe {
    Safe::new(store.clone(), vault.clone(), Arc::new(SystemClock), "us-east-1", "000000000000")
}

async fn filled() -> (Arc<dyn Store>, Vault, Safe) {
    let store: Arc<dyn Store> = Arc::new(Memory::default());
    let vault = Vault::forgetful().unwrap();
    let safe = safe(&store, &vault);
    for value in ["k1", "k2"] {
        let new = NewParameter {
            name: "/app/key".into(),
            value: Secret::new(value),
            kind: Some(ParameterType::SecureString),
            description: None,
            allowed_pattern: None,
            key_id: None,
            tier: None,
            data_type: None,
            tags: BTreeMap::new(),
            overwrite: value == "k2",
            by: "arn:aws:iam::000000000000:root".into(),
        };
        safe.put_parameter(&new).await.unwrap();
    }
    let text = |text: &str| SecretValue::Text(Secret::new(text));
    let secret = |name: &str, value| NewSecret {
        name: name.into(),
        description: None,
        key_id: None,
        tags: BTreeMap::new(),
        version: Some(("1".repeat(32), value)),
    };
    safe.create_secret(&secret("db", text(r#"{"user":"old"}"#))).await.unwrap();
    let newer = NewVersion { id: "2".repeat(32), value: text(r#"{"user":"new"}"#), stages: None };
    safe.put_secret_value("db", &newer).await.unwrap();
    safe.create_secret(&secret("bytes", SecretValue::Binary(Secret::new("AAEC")))).await.unwrap();
    safe.create_secret(&secret("gone", text("x"))).await.unwrap();
    safe.delete_secret("gone", Deletion::default()).await.unwrap();
    (store, vault, safe)
}

async fn get(secrets: &dyn Secrets, kind: SecretKind, reference: &str) -> Result<Option<String>, Error> {
    Ok(secrets.resolve(kind, reference).await?.map(|value| value.expose().to_owned()))
}

#[tokio::test]
async fn a_reference_chooses_secret_key_stage_and_version() {
    let (_, _, safe) = filled().await;
    let arn = safe.secret_arn(&safe.secret("db").await.unwrap().unwrap());
    let secret = async |reference: &str| get(&safe, SecretKind::SecretsManager, reference).await.unwrap();
    assert_eq!(secret("db").await.as_deref(), Some(r#"{"user":"new"}"#));
    assert_eq!(secret("db:user").await.as_deref(), Some("new"));
    assert_eq!(secret("db:user:AWSPREVIOUS").await.as_deref(), Some("old"));
    assert_eq!(secret(&format!("db:user::{}", "1".repeat(32))).await.as_deref(), Some("old"));
    assert_eq!(secret(&format!("{arn}:user:AWSCURRENT")).await.as_deref(), Some("new"));
    assert_eq!(secret("db:user:AWSPENDING").await, None);
    assert_eq!(secret("none").await, None);
    let parameter = async |reference: &str| get(&safe, SecretKind::ParameterStore, reference).await.unwrap();
    assert_eq!(parameter("/app/key").await.as_deref(), Some("k2"));
    assert_eq!(parameter("/app/key:1").await.as_deref(), Some("k1"));
    assert_eq!(parameter("/app/key:3").await, None);
    let arn = "arn:aws:ssm:us-east-1:000000000000:parameter/app/key";
    assert_eq!(parameter(arn).await.as_deref(), Some("k2"));
    assert_eq!(parameter(&arn.replace("us-east-1", "us-east-2")).await, None);
}

#[tokio::test]
async fn what_a_build_cannot_have_is_said_clearly() {
    let (store, _, safe) = filled().await;
    let problem = async |secrets: &Safe, kind, reference: &str| {
        let error = get(secrets, kind, reference).await.unwrap_err();
        (error.kind, error.message)
    };
    let manager = SecretKind::SecretsManager;
    let (kind, message) = problem(&safe, manager, "db:none").await;
    assert!(kind == Kind::NotFound && message.contains("none") && !message.contains("new"), "{message}");
    assert_eq!(problem(&safe, manager, "bytes").await.0, Kind::Invalid);
    assert_eq!(problem(&safe, manager, "db:k:s:v").await.0, Kind::Invalid);
    let (kind, message) = problem(&safe, manager, "gone").await;
    assert!(kind == Kind::Invalid && message.contains("scheduled for deletion"), "{message}");
    let other = super::tests::safe(&store, &Vault::forgetful().unwrap());
    for (kind, reference) in [(manager, "db"), (SecretKind::ParameterStore, "/app/key")] {
        let (kind, message) = problem(&other, kind, reference).await;
        assert!(kind == Kind::Internal && message.contains("vault.key"), "{message}");
    }
}

#[tokio::test]
async fn what_is_given_by_hand_goes_first() {
    let (_, _, safe) = filled().await;
    let held = HeldSecrets {
        parameters: BTreeMap::from([("/app/key".into(), Secret::new("by hand"))]),
        secrets: BTreeMap::from([("db".into(), Secret::new(r#"{"user":"by hand"}"#))]),
    };
    let both = InOrder(vec![Arc::new(held), Arc::new(safe)]);
    assert_eq!(get(&both, SecretKind::ParameterStore, "/app/key").await.unwrap().as_deref(), Some("by hand"));
    assert_eq!(get(&both, SecretKind::ParameterStore, "/app/key:1").await.unwrap().as_deref(), Some("k1"));
    assert_eq!(get(&both, SecretKind::SecretsManager, "db:user").await.unwrap().as_deref(), Some("by hand"));
    assert_eq!(get(&both, SecretKind::SecretsManager, "db:user:AWSPREVIOUS").await.unwrap().as_deref(), Some("old"));
    assert_eq!(get(&both, SecretKind::SecretsManager, "none").await.unwrap(), None);
}
