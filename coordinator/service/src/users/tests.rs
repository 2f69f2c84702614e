use super::REMEMBERED;
use crate::testing::Rig;
use crate::{Error, HeldSecrets, Kind, Parts, Service, Settings};
use buildyard_access::{Circumstances, KeyHolder};
use buildyard_model::{Clock, Secret, SystemClock};
use buildyard_store::{Change, DocumentKind, Documents, Expected, Memory, Sqlite, Store};
use buildyard_vault::Vault;
use std::sync::Arc;

const READ: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}}"#;
const DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

/// A service on a store of the caller's.
async fn on(store: Arc<dyn Store>, vault: Vault) -> Service {
    let rig = Rig::start().await;
    let settings = Settings { account: "123456789012".into(), ..rig.service.settings().clone() };
    let (objects, transfers) = (rig.blobs.clone(), rig.blobs.clone());
    let (secrets, clock) = (Arc::new(HeldSecrets::default()), Arc::new(SystemClock));
    Service::new(Parts { store, objects, transfers, secrets, vault, clock, settings })
}

async fn in_memory() -> Service {
    on(Arc::new(Memory::default()), Vault::forgetful().unwrap()).await
}

fn may(holder: &KeyHolder, action: &str, resource: &str) -> bool {
    let circumstances = Circumstances { now: SystemClock.now(), region: "r".into(), source: None, secure: false };
    holder.principal.check(action, resource, &holder.principal.context(&circumstances)).is_ok()
}

async fn holder(service: &Service, id: &str) -> KeyHolder {
    service.key_holder(id).await.unwrap().expect("somebody holds the key")
}

fn kind<T: std::fmt::Debug>(answer: Result<T, Error>) -> Kind {
    answer.unwrap_err().kind
}

async fn users_and_keys_live_through(service: &Service) {
    let ana = service.create_user("ana").await.unwrap();
    assert_eq!(ana.arn, "arn:aws:iam::123456789012:user/ana");
    assert_eq!(kind(service.create_user("ana").await), Kind::Conflict);
    assert_eq!(kind(service.create_user("a/b").await), Kind::Invalid);
    service.create_user("bob").await.unwrap();

    let (first, second) = (service.create_key("ana").await.unwrap(), service.create_key("ana").await.unwrap());
    assert_eq!(kind(service.create_key("ana").await), Kind::Invalid, "two keys are the most");
    assert_eq!(kind(service.create_key("nobody").await), Kind::NotFound);
    let id = &first.key.access_key_id;
    assert_eq!((id.len(), first.secret.expose().len()), (20, 40));
    let held = holder(service, id).await;
    assert_eq!((held.secret.clone(), held.principal.user.as_str()), (first.secret.clone(), "ana"));
    assert!(!may(&held, "s3:GetObject", "arn:aws:s3:::b/k"), "nothing is allowed yet");

    service.attach_policy("ana", "ReadOnlyAccess").await.unwrap();
    assert!(may(&holder(service, id).await, "s3:GetObject", "arn:aws:s3:::b/k"), "an attached policy counts at once");
    service.detach_policy("ana", "arn:aws:iam::aws:policy/ReadOnlyAccess").await.unwrap();
    assert!(!may(&holder(service, id).await, "s3:GetObject", "arn:aws:s3:::b/k"));

    assert!(service.set_key_active(id, false).await.is_ok_and(|key| !key.active));
    assert!(service.key_holder(id).await.unwrap().is_none());
    service.delete_key(id).await.unwrap();
    assert_eq!(kind(service.set_key_active(id, true).await), Kind::NotFound);
    let keys: Vec<_> = service.keys("ana").await.unwrap().into_iter().map(|key| key.access_key_id).collect();
    assert_eq!(keys, std::slice::from_ref(&second.key.access_key_id));

    assert_eq!(service.users("", 1).await.unwrap()[0].name, "ana");
    assert_eq!(service.users("ana", 10).await.unwrap()[0].name, "bob");
    service.delete_user("ana").await.unwrap();
    assert!(service.key_holder(&second.key.access_key_id).await.unwrap().is_none());
    assert_eq!(kind(service.delete_user("ana").await), Kind::NotFound);
    let again = service.create_user("ana").await.unwrap();
    assert_ne!(again.user_id, ana.user_id, "another ana is somebody else");
}

async fn policies_live_through(service: &Service) {
    service.create_user("eve").await.unwrap();
    let id = service.create_key("eve").await.unwrap().key.access_key_id;
    for (name, document) in [("a b", READ), ("AdministratorAccess", READ), ("ci", "{}"), ("ci", "nonsense")] {
        assert_eq!(kind(service.put_policy(name, document).await), Kind::Invalid, "{name} {document}");
    }
    service.put_policy("ci", READ).await.unwrap();
    assert_eq!(kind(service.attach_policy("eve", "nothing").await), Kind::NotFound);
    service.attach_policy("eve", "ci").await.unwrap();
    service.attach_policy("eve", "ci").await.unwrap();
    assert_eq!(service.user("eve").await.unwrap().policies, ["ci"]);
    assert!(may(&holder(service, &id).await, "s3:GetObject", "arn:aws:s3:::b/k"));
    assert!(!may(&holder(service, &id).await, "s3:PutObject", "arn:aws:s3:::b/k"));
    assert_eq!(kind(service.delete_policy("ci").await), Kind::Conflict, "it is attached");

    service.put_policy("ci", DENY).await.unwrap();
    service.attach_policy("eve", "AdministratorAccess").await.unwrap();
    assert!(!may(&holder(service, &id).await, "s3:GetObject", "arn:aws:s3:::b/k"), "a changed policy counts at once");
    service.detach_policy("eve", "ci").await.unwrap();
    assert!(may(&holder(service, &id).await, "any:Thing", "*"));
    service.put_inline_policy("eve", "own", Some(DENY)).await.unwrap();
    assert!(!may(&holder(service, &id).await, "any:Thing", "*"));
    assert_eq!(service.inline_policy("eve", "own").await.unwrap().document, DENY);
    service.put_inline_policy("eve", "own", None).await.unwrap();
    assert_eq!(kind(service.put_inline_policy("eve", "own", None).await), Kind::NotFound);

    let names: Vec<_> = service.policies("", 10).await.unwrap().into_iter().map(|policy| policy.name).collect();
    assert_eq!(names, ["AdministratorAccess", "ReadOnlyAccess", "CodeBuildDeveloperAccess", "ci"]);
    service.delete_policy("ci").await.unwrap();
    assert_eq!(kind(service.policy("ci").await), Kind::NotFound);
    assert_eq!(kind(service.delete_policy("ReadOnlyAccess").await), Kind::Invalid);
}

#[tokio::test]
async fn users_keys_and_policies_live_and_die_in_memory() {
    let service = in_memory().await;
    users_and_keys_live_through(&service).await;
    policies_live_through(&service).await;
}

#[tokio::test]
async fn users_keys_and_policies_live_and_die_in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(Sqlite::open(directory.path()).await.unwrap());
    let service = on(store, Vault::open(directory.path()).unwrap()).await;
    users_and_keys_live_through(&service).await;
    policies_live_through(&service).await;
}

#[tokio::test]
async fn no_secret_lies_in_clear_in_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(Sqlite::open(directory.path()).await.unwrap());
    let service = on(store, Vault::open(directory.path()).unwrap()).await;
    service.create_user("ana").await.unwrap();
    let key = service.create_key("ana").await.unwrap();
    assert!(!format!("{key:?} {:?}", service.key_holder(&key.key.access_key_id).await).contains(key.secret.expose()));
    let mut found = false;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(key.secret.expose()));
        found |= holds(&key.key.access_key_id);
    }
    assert!(found, "the files that were looked at hold the key");
}

#[tokio::test]
async fn the_root_key_is_always_there() {
    let service = in_memory().await;
    service.hold_root_key("BYRDROOT", Secret::new("s"));
    let root = holder(&service, "BYRDROOT").await;
    assert_eq!(root.principal.arn, "arn:aws:iam::123456789012:root");
    assert!(may(&root, "any:Thing", "*"));
    assert_eq!(kind(service.delete_key("BYRDROOT").await), Kind::Invalid);
    assert_eq!(kind(service.create_user("root").await), Kind::Invalid);
}

#[tokio::test]
async fn a_user_whose_policy_is_missing_may_do_nothing() {
    let store = Arc::new(Memory::default());
    let service = on(store.clone(), Vault::forgetful().unwrap()).await;
    service.create_user("ana").await.unwrap();
    let id = service.create_key("ana").await.unwrap().key.access_key_id;
    service.put_policy("guard", DENY).await.unwrap();
    service.attach_policy("ana", "guard").await.unwrap();
    // As another coordinator could at the wrong moment.
    let gone = Change { kind: DocumentKind::Policy, key: "guard".into(), expected: Expected::Anything, body: None };
    store.change(&[gone]).await.unwrap();
    service.attach_policy("ana", "AdministratorAccess").await.unwrap();
    assert!(!may(&holder(&service, &id).await, "s3:GetObject", "*"));
}

#[tokio::test(start_paused = true)]
async fn a_holder_is_remembered_for_seconds_only() {
    let store = Arc::new(Memory::default());
    let service = on(store.clone(), Vault::forgetful().unwrap()).await;
    service.create_user("ana").await.unwrap();
    let id = service.create_key("ana").await.unwrap().key.access_key_id;
    holder(&service, &id).await;
    // As another coordinator would.
    let gone = Change { kind: DocumentKind::AccessKey, key: id.clone(), expected: Expected::Anything, body: None };
    store.change(&[gone]).await.unwrap();
    holder(&service, &id).await;
    tokio::time::advance(REMEMBERED).await;
    assert!(service.key_holder(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn the_last_use_is_told_and_written_down_once_in_a_while() {
    let store = Arc::new(Memory::default());
    let service = on(store.clone(), Vault::forgetful().unwrap()).await;
    service.create_user("ana").await.unwrap();
    let id = service.create_key("ana").await.unwrap().key.access_key_id;
    assert_eq!(service.keys("ana").await.unwrap()[0].last_used_at, None);
    service.key_used(&id);
    assert!(service.keys("ana").await.unwrap()[0].last_used_at.is_some());
    let version = async || store.document(DocumentKind::AccessKey, &id).await.unwrap().unwrap().version;
    while version().await < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        service.key_used(&id);
        tokio::task::yield_now().await;
    }
    assert_eq!(version().await, 2, "not every use is written");
}
