//! Agents that die and come back. `abort` drops everything that a process has, as a kill would; a clone of the fake is
//! the engine that a later process finds.

use crate::scene::{SPEC, SUCCESS, Scene, Script, control, job, lease, phases, printing};
use buildyard_executor::Fake;
use buildyard_executor::fake::{Call, Program};
use buildyard_model::{Phase, PhaseStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::Notify;

/// Prints before and after it is let go on.
fn halting(go_on: Arc<Notify>, runs: Arc<AtomicU32>) -> Fake {
    Fake::with_programs(move |spec| {
        let (control, go_on, runs) = (control(spec), go_on.clone(), runs.clone());
        Program::Does(Box::new(move |_| {
            Box::pin(async move {
                runs.fetch_add(1, Ordering::SeqCst);
                let mut script = Script::create(&control);
                script.begin(Phase::Install).end(Phase::Install, PhaseStatus::Succeeded);
                script.begin(Phase::PreBuild).print("before\n");
                go_on.notified().await;
                script.print("after\n").end(Phase::PreBuild, PhaseStatus::Succeeded);
                script.finish(false);
                SUCCESS
            })
        }))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_agent_goes_on_with_a_running_build() {
    let scene = Scene::new().await;
    let (go_on, runs) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
    let fake = halting(go_on.clone(), runs.clone());
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    scene
        .coordinator
        .wait("output", |c| String::from_utf8_lossy(&c.known(&lease).log).contains("before").then_some(()))
        .await;
    agent.control().abort();
    agent.join().await.unwrap();
    assert_eq!(fake.sandboxes().len(), 1, "the sandbox runs on");

    // What the build prints while no agent is there is not lost.
    go_on.notify_one();
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    assert_eq!(scene.coordinator.hellos()[1].held.len(), 1, "it says what it holds");
    let finished = scene.coordinator.finished(&lease).await;
    assert_eq!(finished.outcome, "SUCCEEDED");
    assert_eq!(runs.load(Ordering::SeqCst), 1, "its commands ran once");
    let log = scene.log(&lease);
    assert_eq!(log.matches("before\n").count() + log.matches("after\n").count(), 2, "{log}");
    assert!(log.find("before") < log.find("after") && log.find("after") < log.find("UPLOAD_ARTIFACTS State"), "{log}");
    assert_eq!(finished.log_bytes, log.len() as u64);
    assert_eq!(scene.coordinator.strangers(), 0, "no call came without the credential that the agent had kept");
    scene.emptied().await;
    agent.control().drain();
    agent.join().await.unwrap();
    assert!(fake.sandboxes().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_was_being_prepared_is_prepared_anew() {
    let scene = Scene::new().await;
    let fake = printing("hello\n");
    let lease = lease(1, 1);
    // An agent that died while it provisioned: its folder is there, and its sandbox is made but not started.
    let stuck = Stuck(fake.clone());
    let agent = scene.start_on(Arc::new(stuck)).await;
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    scene.coordinator.wait("the sandbox", |_| (fake.sandboxes().len() == 1).then_some(())).await;
    agent.control().abort();
    agent.join().await.unwrap();
    assert_eq!(scene.folders().len(), 1);

    let _agent = scene.start_on(Arc::new(fake.clone())).await;
    let finished = scene.coordinator.finished(&lease).await;
    assert_eq!(finished.outcome, "SUCCEEDED");
    let log = scene.log(&lease);
    assert_eq!(log.matches("hello\n").count(), 1);
    assert!(log.contains("The agent was started again: the build is prepared anew"), "{log}");
    let starts = fake.calls().iter().filter(|call| matches!(call, Call::Start(_))).count();
    assert_eq!(starts, 1);
    scene.emptied().await;
    assert!(fake.sandboxes().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_nobody_acted_on_is_reported_again() {
    let scene = Scene::new().await;
    let (go_on, runs) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
    let fake = halting(go_on.clone(), runs);
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    scene
        .coordinator
        .wait("output", |c| String::from_utf8_lossy(&c.known(&lease).log).contains("before").then_some(()))
        .await;
    // The session is gone; the log stream, on the same connection, is not.
    scene.coordinator.cut_session();
    go_on.notify_one();
    scene
        .coordinator
        .wait("the log", |c| {
            String::from_utf8_lossy(&c.known(&lease).log).contains("UPLOAD_ARTIFACTS State").then_some(())
        })
        .await;
    agent.control().abort();
    agent.join().await.unwrap();
    let _agent = scene.start_on(Arc::new(fake.clone())).await;
    let finished = scene.coordinator.finished(&lease).await;
    assert_eq!(finished.outcome, "SUCCEEDED");
    assert_eq!(finished.log_bytes, scene.coordinator.known(&lease).log.len() as u64);
    assert_eq!(scene.coordinator.known(&lease).finished.len(), 1);
    scene.emptied().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_build_is_killed_and_nothing_is_said_of_it() {
    let scene = Scene::new().await;
    let (go_on, runs) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
    let fake = halting(go_on, runs);
    let _agent = scene.start_on(Arc::new(fake.clone())).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    scene
        .coordinator
        .wait("output", |c| String::from_utf8_lossy(&c.known(&lease).log).contains("before").then_some(()))
        .await;
    scene.coordinator.revoke(&lease);
    scene.emptied().await;
    assert!(fake.sandboxes().is_empty());
    assert!(scene.coordinator.known(&lease).finished.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sandboxes_that_no_folder_knows_are_removed_at_the_start() {
    use buildyard_executor::Executor;
    let scene = Scene::new().await;
    let fake = printing("x");
    let agent = scene.start_on(Arc::new(Stuck(fake.clone()))).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    scene.coordinator.wait("the sandbox", |_| (fake.sandboxes().len() == 1).then_some(())).await;
    agent.control().abort();
    agent.join().await.unwrap();
    std::fs::remove_dir_all(scene.config.data_dir.join("builds")).unwrap();
    let mut foreign = fake.sandboxes()[0].clone();
    foreign.name = "other".into();
    foreign.labels.insert("buildyard.agent".into(), "somebody-else".into());
    fake.create(&foreign).await.unwrap();
    let _agent = scene.start_on(Arc::new(fake.clone())).await;
    while fake.sandboxes().len() > 1 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(fake.sandboxes()[0].name, "other", "another agent's is left alone");
    assert!(phases(&[]).is_empty());
}

/// Makes sandboxes and never says so: what an agent dies in.
#[derive(Debug)]
struct Stuck(Fake);

#[async_trait::async_trait]
impl buildyard_executor::Executor for Stuck {
    async fn probe(&self) -> Result<buildyard_executor::Capabilities, buildyard_executor::ExecutorError> {
        self.0.probe().await
    }
    async fn prepare_image(
        &self,
        image: &buildyard_executor::ImageRequest,
        progress: buildyard_executor::Progress<'_>,
    ) -> Result<String, buildyard_executor::ExecutorError> {
        self.0.prepare_image(image, progress).await
    }
    async fn create(
        &self,
        spec: &buildyard_executor::SandboxSpec,
    ) -> Result<buildyard_executor::SandboxId, buildyard_executor::ExecutorError> {
        self.0.create(spec).await?;
        std::future::pending().await
    }
    async fn start(&self, id: &buildyard_executor::SandboxId) -> Result<(), buildyard_executor::ExecutorError> {
        self.0.start(id).await
    }
    async fn wait(
        &self,
        id: &buildyard_executor::SandboxId,
    ) -> Result<buildyard_executor::Exit, buildyard_executor::ExecutorError> {
        self.0.wait(id).await
    }
    async fn stop(
        &self,
        id: &buildyard_executor::SandboxId,
        grace: std::time::Duration,
    ) -> Result<(), buildyard_executor::ExecutorError> {
        self.0.stop(id, grace).await
    }
    async fn remove(&self, id: &buildyard_executor::SandboxId) -> Result<(), buildyard_executor::ExecutorError> {
        self.0.remove(id).await
    }
    async fn list(
        &self,
        label: &str,
        value: &str,
    ) -> Result<Vec<buildyard_executor::Found>, buildyard_executor::ExecutorError> {
        self.0.list(label, value).await
    }
}
