//! Warm containers: builds that take one over, and everything that can go wrong with that.

use crate::scene::{SPEC, SUCCESS, Scene, Script, control, job, lease, phases};
use buildyard_agent::WarmConfig;
use buildyard_executor::fake::{Call, Program};
use buildyard_executor::{Executor, Exit, Fake, SandboxSpec};
use buildyard_model::LeaseToken;
use buildyard_runner::journal::Event;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

fn is_warm(spec: &SandboxSpec) -> bool {
    spec.command.last().is_some_and(|word| word == "--wait")
}

/// The control folder, wherever it is moved to: as a container has it mounted.
async fn planned(control: &Path) -> (std::fs::File, PathBuf) {
    let mounted = std::fs::File::open(control).unwrap();
    let path = PathBuf::from(format!("/proc/self/fd/{}", mounted.as_raw_fd()));
    while !path.join("plan.json").exists() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (mounted, path)
}

/// Programs that wait for their plan and then do as they are told.
fn waiting(then: impl Fn(&SandboxSpec) -> Told + Send + Sync + 'static) -> Fake {
    Fake::with_programs(move |spec| {
        let (control, told) = (control(spec), then(spec));
        Program::Does(Box::new(move |_| {
            Box::pin(async move {
                let (_mounted, control) = planned(&control).await;
                match told {
                    Told::Print => Script::create(&control).commands("hello\n").finish(false),
                    Told::Die => return Exit { code: Some(137), out_of_memory: false },
                    Told::Halt(go_on) => {
                        let mut script = Script::create(&control);
                        script.event(Event::CommandsStarted).print("before\n");
                        go_on.notified().await;
                        script.commands("after\n").finish(false);
                    }
                }
                SUCCESS
            })
        }))
    })
}

enum Told {
    Print,
    Die,
    Halt(Arc<Notify>),
}

/// Ends an agent, which then keeps nothing.
async fn leave(agent: buildyard_agent::AgentHandle, fake: &Fake) {
    agent.control().drain();
    agent.join().await.unwrap();
    assert!(fake.sandboxes().is_empty(), "{:?}", fake.sandboxes());
}

async fn scene(idle: &str) -> Scene {
    let mut scene = Scene::new().await;
    scene.config.warm = WarmConfig { idle: idle.parse().unwrap(), ..WarmConfig::default() };
    scene
}

fn warm(fake: &Fake) -> Vec<SandboxSpec> {
    fake.sandboxes().into_iter().filter(is_warm).collect()
}

/// Looks at the fake until it shows what is looked for.
async fn until<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            match find() {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looking).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Waits until a warm container was started that waits.
async fn one_waits(fake: &Fake) -> SandboxSpec {
    let started =
        |spec: &SandboxSpec| fake.calls().iter().any(|call| matches!(call, Call::Wait(id) if id.0 == spec.name));
    until("a warm container", || warm(fake).into_iter().find(started)).await
}

async fn build(scene: &Scene, lease: &LeaseToken) -> String {
    scene.coordinator.offer(lease, &job(lease, SPEC));
    let finished = scene.coordinator.finished(lease).await;
    assert_eq!(finished.outcome, "SUCCEEDED", "{}", scene.log(lease));
    scene.log(lease)
}

/// The page of metrics.
async fn measured(page: std::net::SocketAddr) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(page).await.unwrap();
    socket.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    text
}

fn made_for(fake: &Fake, lease: &LeaseToken) -> usize {
    fake.calls().iter().filter(|call| matches!(call, Call::Create(spec) if spec.name == lease.slug())).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_build_of_an_image_takes_over_a_container_that_waits() {
    let mut scene = scene("10m").await;
    let page = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    scene.config.metrics.listen = Some(page);
    let fake = waiting(|_| Told::Print);
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let (first, second) = (lease(1, 1), lease(2, 1));
    let cold = build(&scene, &first).await;
    let spare = one_waits(&fake).await;
    assert_eq!(made_for(&fake, &first), 1);
    let log = build(&scene, &second).await;
    assert_eq!(made_for(&fake, &second), 0, "it took the one that waited");
    let without_times =
        |log: &str| log.lines().filter_map(|line| Some(line.splitn(4, ' ').nth(3)?.to_owned())).collect::<Vec<_>>();
    assert_eq!(without_times(&log).len(), without_times(&cold).len(), "nobody sees a difference:\n{cold}\n{log}");
    assert_eq!(phases(&scene.coordinator.known(&first).phases), phases(&scene.coordinator.known(&second).phases));
    scene.emptied().await;
    // It served one build, and others take its place.
    let next = until("another", || warm(&fake).into_iter().find(|other| other.name != spare.name)).await;
    assert_ne!(next.name, spare.name);
    until("its removal", || warm(&fake).iter().all(|other| other.name != spare.name).then_some(())).await;
    for line in ["sandboxes_total{start=\"cold\"} 1", "sandboxes_total{start=\"warm\"} 1"] {
        let text = measured(page).await;
        assert!(text.lines().any(|one| one.strip_prefix("buildyard_agent_") == Some(line)), "{line} in:\n{text}");
    }
    let told = async {
        let line = || format!("buildyard_agent_warm_containers{{}} {}.0\n", warm(&fake).len());
        while warm(&fake).is_empty() || !measured(page).await.contains(&line()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.expect("the page tells how many wait");
    leave(agent, &fake).await;
    assert_eq!(std::fs::read_dir(scene.config.data_dir.join("warm")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_agent_knows_what_came_in_lately() {
    let scene = scene("10m").await;
    let fake = waiting(|_| Told::Print);
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    build(&scene, &lease(1, 1)).await;
    one_waits(&fake).await;
    scene.emptied().await;
    leave(agent, &fake).await;
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    one_waits(&fake).await;
    leave(agent, &fake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_agent_keeps_nothing_ready_until_builds_come_again() {
    let scene = scene("10m").await;
    let fake = waiting(|_| Told::Print);
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    build(&scene, &lease(1, 1)).await;
    one_waits(&fake).await;
    scene.emptied().await;
    scene.coordinator.drain(true);
    until("nothing to wait", || fake.sandboxes().is_empty().then_some(())).await;
    scene.coordinator.drain(false);
    one_waits(&fake).await;
    leave(agent, &fake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warm_container_that_died_is_replaced_without_a_word() {
    let scene = scene("10m").await;
    let fake = waiting(|spec| if is_warm(spec) { Told::Die } else { Told::Print });
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let (first, second) = (lease(1, 1), lease(2, 1));
    build(&scene, &first).await;
    one_waits(&fake).await;
    let log = build(&scene, &second).await;
    assert_eq!((made_for(&fake, &second), log.matches("hello\n").count()), (1, 1));
    assert_eq!(log.matches("Waiting for agent ping").count(), 1, "{log}");
    scene.emptied().await;
    leave(agent, &fake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_of_what_a_tag_stood_for_before_is_never_used() {
    let scene = scene("10m").await;
    let fake = waiting(|_| Told::Print);
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let (first, second) = (lease(1, 1), lease(2, 1));
    build(&scene, &first).await;
    let spare = one_waits(&fake).await;
    fake.move_tags(7);
    build(&scene, &second).await;
    assert_eq!(made_for(&fake, &second), 1);
    let of_new =
        |call: &Call| matches!(call, Call::Create(spec) if spec.name == second.slug() && spec.image.ends_with('7'));
    assert!(fake.calls().iter().any(of_new));
    let removed = fake.calls().iter().position(|call| matches!(call, Call::Remove(id) if id.0 == spare.name)).unwrap();
    let made = fake.calls().iter().position(|call| matches!(call, Call::Create(spec) if spec.name == second.slug()));
    assert!(removed < made.unwrap(), "two runners would wait for one plan");
    scene.emptied().await;
    leave(agent, &fake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_agent_goes_on_in_a_warm_container_and_removes_those_that_wait() {
    let scene = scene("10m").await;
    let go_on = Arc::new(Notify::new());
    let (halting, told) = (Arc::new(AtomicBool::new(false)), go_on.clone());
    let halts = halting.clone();
    let fake = waiting(move |spec| match halts.load(Ordering::SeqCst) && is_warm(spec) {
        true => Told::Halt(told.clone()),
        false => Told::Print,
    });
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    halting.store(true, Ordering::SeqCst);
    let (first, second) = (lease(1, 1), lease(2, 1));
    build(&scene, &first).await;
    let spare = one_waits(&fake).await;
    scene.coordinator.offer(&second, &job(&second, SPEC));
    let log = |c: &crate::coordinator::Coordinator| String::from_utf8_lossy(&c.known(&second).log).into_owned();
    scene.coordinator.wait("output", |c| log(c).contains("before").then_some(())).await;
    let idle = until("another", || warm(&fake).into_iter().find(|other| other.name != spare.name)).await;
    agent.control().abort();
    agent.join().await.unwrap();
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    until("a sweep", || warm(&fake).iter().all(|other| other.name != idle.name).then_some(())).await;
    assert!(warm(&fake).iter().any(|other| other.name == spare.name), "the build's own stays");
    go_on.notify_one();
    assert_eq!(scene.coordinator.finished(&second).await.outcome, "SUCCEEDED");
    let log = scene.log(&second);
    assert_eq!((log.matches("before\n").count(), log.matches("after\n").count()), (1, 1), "{log}");
    scene.emptied().await;
    go_on.notify_one();
    leave(agent, &fake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_nobody_wants_any_more_keeps_no_container() {
    let mut scene = scene("1s").await;
    scene.config.slots = Some(1);
    let fake = waiting(|_| Told::Print);
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    build(&scene, &lease(1, 1)).await;
    one_waits(&fake).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    // Whatever happens next makes it look.
    let other = lease(2, 1);
    let mut elsewhere = job(&other, SPEC);
    elsewhere.environment.image = "debian".to_owned();
    scene.coordinator.offer(&other, &elsewhere);
    assert_eq!(scene.coordinator.finished(&other).await.outcome, "SUCCEEDED");
    let images = |fake: &Fake| warm(fake).into_iter().map(|spec| spec.image).collect::<Vec<_>>();
    let moved = |fake: &Fake| images(fake).iter().all(|image| image.starts_with("debian"));
    until("only the newer", || moved(&fake).then_some(())).await;
    leave(agent, &fake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_of_the_config_is_pulled_and_has_one_waiting_from_the_start() {
    let mut scene = scene("10m").await;
    scene.config.warm.images = vec!["team/tools:1".to_owned()];
    let fake = waiting(|_| Told::Print);
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let spare = one_waits(&fake).await;
    assert!(spare.image.starts_with("team/tools:1@sha256:"));
    let pulled = |call: &Call| matches!(call, Call::PrepareImage(request) if request.pull == buildyard_model::PullPolicy::Always);
    assert!(fake.calls().iter().any(pulled));
    assert_eq!(fake.list("buildyard.agent", "tester").await.unwrap().len(), 1);
    leave(agent, &fake).await;
}
