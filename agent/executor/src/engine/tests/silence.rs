//! An engine that takes calls and answers none, or not all (reliability F48): each call ends within its deadline.

use super::socket::{Answer, FakeSocket};
use crate::engine::{Deadlines, Engine, EngineOptions};
use crate::sandbox::{Executor, ExecutorError, ImageRequest, Limits, SandboxId, SandboxSpec};
use buildyard_model::{PullPolicy, Resources};
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(100);

fn options(socket: &FakeSocket) -> EngineOptions {
    let deadlines = Deadlines {
        connect: SHORT,
        query: SHORT,
        change: SHORT,
        pull_stall: SHORT,
        pull: SHORT * 10,
        pull_pause: SHORT,
        recheck: SHORT,
    };
    EngineOptions { address: Some(socket.address()), deadlines, ..Default::default() }
}

fn is_unreachable<T: std::fmt::Debug>(call: &str, asked: Instant, answer: &Result<T, ExecutorError>) {
    let Err(ExecutorError::Unreachable(why)) = answer else { panic!("{call}: {answer:?}") };
    assert!(why.contains("unix://") && why.contains("docker"), "{call} says who and what next: {why}");
    assert!(asked.elapsed() < Duration::from_secs(1), "{call} took {:?}", asked.elapsed());
}

#[tokio::test]
async fn a_hung_engine_is_not_connected_to() {
    let socket = FakeSocket::open(|_| Answer::Never);
    let asked = Instant::now();
    is_unreachable("connect", asked, &Engine::connect(options(&socket)).await.map(drop));
}

#[tokio::test]
async fn no_engine_at_all_says_what_was_tried() {
    let options = EngineOptions { address: Some("unix:///no/such.sock".into()), ..Default::default() };
    let error = Engine::connect(options).await.unwrap_err().to_string();
    assert!(error.contains("unix:///no/such.sock (no such socket)") && error.contains("systemctl start"), "{error}");
}

#[tokio::test]
async fn each_call_to_an_engine_that_hangs_later_ends_within_its_deadline() {
    let socket = FakeSocket::open(FakeSocket::greeting);
    let engine = Engine::connect(options(&socket)).await.unwrap();
    socket.answer(|_| Answer::Never);
    let (id, spec) = (SandboxId("buildyard-x".into()), spec());
    let image = ImageRequest { reference: "app:1".into(), pull: PullPolicy::IfAbsent, login: None };

    let asked = Instant::now();
    is_unreachable("probe", asked, &engine.probe().await);
    let asked = Instant::now();
    is_unreachable("prepare_image", asked, &engine.prepare_image(&image, &|_| {}).await);
    let asked = Instant::now();
    is_unreachable("create", asked, &engine.create(&spec).await);
    let asked = Instant::now();
    is_unreachable("start", asked, &engine.start(&id).await);
    let asked = Instant::now();
    is_unreachable("wait", asked, &engine.wait(&id).await);
    let asked = Instant::now();
    is_unreachable("stop", asked, &engine.stop(&id, SHORT).await);
    let asked = Instant::now();
    is_unreachable("remove", asked, &engine.remove(&id).await);
    let asked = Instant::now();
    is_unreachable("list", asked, &engine.list("a", "b").await);
}

#[tokio::test]
async fn a_wait_ends_when_the_engine_hangs_meanwhile() {
    let socket = FakeSocket::open(FakeSocket::greeting);
    let engine = Engine::connect(options(&socket)).await.unwrap();
    let asked = std::sync::atomic::AtomicU32::new(0);
    socket.answer(move |request| match request.split(' ').nth(1) {
        Some(path) if path.ends_with("/json") && asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2 => {
            Answer::Json(200, r#"{"State":{"Status":"running","Running":true}}"#.into())
        }
        _ => Answer::Never,
    });
    let asked = Instant::now();
    is_unreachable("wait", asked, &engine.wait(&SandboxId("buildyard-x".into())).await);
}

#[tokio::test]
async fn an_engine_that_went_away_is_unreachable() {
    let socket = FakeSocket::open(FakeSocket::greeting);
    let engine = Engine::connect(options(&socket)).await.unwrap();
    socket.close();
    let asked = Instant::now();
    is_unreachable("probe", asked, &engine.probe().await);
}

#[tokio::test]
async fn a_pull_without_progress_is_given_up() {
    let socket = FakeSocket::open(FakeSocket::greeting);
    let engine = Engine::connect(options(&socket)).await.unwrap();
    socket.answer(|request| match request {
        request if request.starts_with("POST /images/create") => Answer::Stream(vec![
            r#"{"status":"Downloading","id":"a","progressDetail":{"current":99,"total":100}}"#.into(),
        ]),
        _ => Answer::Json(404, r#"{"message":"No such image"}"#.into()),
    });
    let (said, image) = (
        std::sync::Mutex::new(vec![]),
        ImageRequest { reference: "app:1".into(), pull: PullPolicy::IfAbsent, login: None },
    );
    let answer = engine.prepare_image(&image, &|line| said.lock().unwrap().push(line)).await;
    let Err(ExecutorError::Registry(why)) = &answer else { panic!("{answer:?}") };
    assert!(why.contains("app:1") && why.contains("3 tries"), "{why}");
    let again = said.into_inner().unwrap().iter().filter(|line| line.contains("again in")).count();
    assert_eq!(again, 2);
}

fn spec() -> SandboxSpec {
    SandboxSpec {
        name: "x".into(),
        labels: [("a".to_owned(), "b".to_owned())].into(),
        image: "app".into(),
        command: vec!["/x".into()],
        environment: [].into(),
        mounts: vec![],
        tmpfs: vec![],
        working_directory: "/".into(),
        limits: Limits { resources: Resources { vcpu: 1, memory_mib: 64 }, pids: 64 },
        privileged: false,
        tenant: None,
    }
}
