//! Images from a registry, through the real engine.

use super::registry::Registry;
use super::{docker, engine, ground, root_file_system};
use crate::conformance::Ground;
use crate::engine::{Deadlines, Engine, EngineOptions};
use crate::sandbox::{Executor, ExecutorError, ImageRequest, RegistryLogin};
use bollard::query_parameters::RemoveImageOptions;
use buildyard_model::{PullPolicy, Secret};
use std::sync::Mutex;
use std::time::Duration;

async fn prepare(reference: &str, pull: PullPolicy) -> (Result<String, ExecutorError>, Vec<String>) {
    let said = Mutex::new(vec![]);
    let request = ImageRequest { reference: reference.to_owned(), pull, login: None };
    let answer = engine().await.prepare_image(&request, &|line| said.lock().unwrap().push(line)).await;
    (answer, said.into_inner().unwrap())
}

/// With short pauses between the tries.
async fn prepare_quickly(reference: &str) -> (Result<String, ExecutorError>, Vec<String>) {
    let deadlines = Deadlines { pull_pause: Duration::from_millis(10), ..Deadlines::default() };
    let engine = Engine::connect(EngineOptions { deadlines, ..EngineOptions::default() }).await.unwrap();
    let said = Mutex::new(vec![]);
    let request = ImageRequest { reference: reference.to_owned(), pull: PullPolicy::IfAbsent, login: None };
    let answer = engine.prepare_image(&request, &|line| said.lock().unwrap().push(line)).await;
    (answer, said.into_inner().unwrap())
}

async fn forget(reference: &str) {
    let _ = docker().await.remove_image(reference, None::<RemoveImageOptions>, None).await;
}

fn native() -> &'static str {
    super::super::platform(buildyard_model::Architecture::native())
}

#[tokio::test]
async fn a_pulled_image_is_named_by_its_digest_and_pulled_once() {
    let registry = Registry::serve(root_file_system(), native()).await;
    let (tagged, by_digest) =
        (format!("{}:1", registry.repository), format!("{}@{}", registry.repository, registry.digest));
    let (first, said) = prepare(&tagged, PullPolicy::IfAbsent).await;
    let (second, silent) = prepare(&tagged, PullPolicy::IfAbsent).await;
    let (exact, _) = prepare(&by_digest, PullPolicy::Always).await;
    let (always, again) = prepare(&tagged, PullPolicy::Always).await;
    forget(&tagged).await;
    forget(&by_digest).await;
    assert_eq!(first.unwrap(), by_digest);
    assert!(said[0].starts_with(&format!("Pulling {tagged}")), "{said:?}");
    assert_eq!((second.unwrap(), silent), (by_digest.clone(), vec![]));
    assert_eq!(exact.unwrap(), by_digest);
    assert_eq!(always.unwrap(), by_digest);
    assert!(!again.is_empty());
}

#[tokio::test]
async fn an_image_that_does_not_exist_fails_by_name_and_at_once() {
    let registry = Registry::serve(vec![0; 1024], native()).await;
    let reference = format!("{}:nope", registry.repository);
    let (answer, _) = prepare(&reference, PullPolicy::IfAbsent).await;
    let Err(ExecutorError::Image(why)) = &answer else { panic!("{answer:?}") };
    assert!(why.contains(&reference) && why.contains("check its name"), "{why}");
}

#[tokio::test]
async fn a_registry_that_is_not_well_is_asked_again() {
    for status in ["503 Service Unavailable", "429 Too Many Requests"] {
        let registry = Registry::serve(root_file_system(), native()).await;
        registry.fail(2, status);
        let reference = format!("{}:1", registry.repository);
        let (answer, said) = prepare_quickly(&reference).await;
        forget(&reference).await;
        assert!(answer.is_ok(), "{status}: {answer:?}");
        assert!(said.iter().any(|line| line.contains("again in")), "{status}: {said:?}");
    }
}

#[tokio::test]
async fn a_registry_that_stays_away_is_not_the_builds_fault() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reference = format!("{closed}/denied:1");
    let (answer, said) = prepare_quickly(&reference).await;
    let Err(ExecutorError::Registry(why)) = &answer else { panic!("{answer:?}") };
    assert!(why.contains("4 tries") && why.contains("refused") && why.contains("retry the build"), "{why}");
    assert_eq!(said.iter().filter(|line| line.contains("again in")).count(), 3, "{said:?}");
}

#[tokio::test]
async fn an_image_for_another_platform_is_refused() {
    let other = if native() == "amd64" { "arm64" } else { "amd64" };
    let registry = Registry::serve(vec![0; 1024], other).await;
    let reference = format!("{}:1", registry.repository);
    let (answer, _) = prepare(&reference, PullPolicy::IfAbsent).await;
    forget(&reference).await;
    let Err(ExecutorError::Image(why)) = &answer else { panic!("{answer:?}") };
    assert!(why.contains(other) && why.contains(native()), "{why}");
}

#[tokio::test]
async fn an_image_that_may_not_be_pulled_is_taken_from_the_host_or_not_at_all() {
    let (present, _) = prepare(&ground().await.image(), PullPolicy::Never).await;
    assert!(present.unwrap().starts_with("sha256:"), "it has no digest, so its id names it");
    let (absent, _) = prepare("127.0.0.1:9/nope:1", PullPolicy::Never).await;
    assert!(matches!(&absent, Err(ExecutorError::Image(why)) if why.contains("pull policy is never")), "{absent:?}");
    let (invalid, _) = prepare("../containers/json?all=1", PullPolicy::IfAbsent).await;
    assert!(matches!(&invalid, Err(ExecutorError::Image(why)) if why.contains("not a valid reference")), "{invalid:?}");
}

#[tokio::test]
async fn a_registry_that_asks_who_pulls_is_shown_the_requests_login_and_nobody_else_is() {
    let registry = Registry::serve(root_file_system(), native()).await;
    registry.admit_only("ada", "hunter2");
    let reference = format!("{}:1", registry.repository);
    let said = Mutex::new(vec![]);
    let engine = engine().await;
    let pull = async |login: Option<(&str, &str)>| {
        let login = login.map(|(username, password)| RegistryLogin {
            username: username.to_owned(),
            password: Secret::new(password),
        });
        let request = ImageRequest { reference: reference.clone(), pull: PullPolicy::Always, login };
        engine.prepare_image(&request, &|line| said.lock().unwrap().push(line)).await
    };
    let (nobody, wrong) = (pull(None).await, pull(Some(("ada", "hunter3"))).await);
    let right = pull(Some(("ada", "hunter2"))).await;
    forget(&reference).await;
    let Err(ExecutorError::Image(why)) = &nobody else { panic!("{nobody:?}") };
    assert!(why.contains("has a registryCredential"), "{why}");
    let Err(ExecutorError::Image(why)) = &wrong else { panic!("{wrong:?}") };
    assert!(why.contains("secret of the project's registryCredential"), "{why}");
    assert!(right.is_ok(), "{right:?}");
    let said = format!("{:?} {wrong:?}", said.into_inner().unwrap());
    assert!(!said.contains("hunter"), "{said}");
}
