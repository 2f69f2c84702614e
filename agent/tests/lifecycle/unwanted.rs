//! Agents that the coordinator wants no more: their launch is over, or they were removed.

use crate::scene::{SPEC, SUCCESS, Scene, Script, control, job, lease};
use buildyard_agent::{AgentHandle, RunError};
use buildyard_executor::Fake;
use buildyard_executor::fake::Program;
use buildyard_model::{LeaseToken, Ticket};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

const REASON: &str = "launch 7 of agent tester is not known here";

/// An agent with a build that prints and goes on when it is told.
async fn building(scene: &Scene) -> (AgentHandle, Fake, LeaseToken, Arc<Notify>) {
    let go_on = Arc::new(Notify::new());
    let halt = go_on.clone();
    let fake = Fake::with_programs(move |spec| {
        let (control, halt) = (control(spec), halt.clone());
        Program::Does(Box::new(move |_| {
            Box::pin(async move {
                Script::create(&control).print("before\n");
                halt.notified().await;
                SUCCESS
            })
        }))
    });
    let agent = scene.start_on(Arc::new(fake.clone())).await;
    let lease = lease(1, 1);
    scene.coordinator.offer(&lease, &job(&lease, SPEC));
    let printed = |c: &crate::coordinator::Coordinator| {
        String::from_utf8_lossy(&c.known(&lease).log).contains("before").then_some(())
    };
    scene.coordinator.wait("output", printed).await;
    (agent, fake, lease, go_on)
}

async fn ended(agent: AgentHandle) -> RunError {
    timeout(Duration::from_secs(30), agent.join()).await.unwrap_or_else(|_| panic!("it goes on")).unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_whose_launch_is_over_ends_with_its_builds() {
    let mut scene = Scene::new().await;
    scene.config.launch.ticket = Some(Ticket(uuid::Uuid::from_u128(7)));
    let (agent, fake, _, _) = building(&scene).await;
    scene.coordinator.refuse(REASON);
    let error = ended(agent).await;
    assert!(matches!(&error, RunError::Unwanted(reason) if reason.contains(REASON)), "{error:?}");
    assert!(fake.sandboxes().is_empty(), "nothing of its builds is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_agent_that_was_started_by_hand_ends_after_its_builds_and_keeps_their_results() {
    let scene = Scene::new().await;
    let (agent, fake, _, go_on) = building(&scene).await;
    scene.coordinator.refuse("agent tester was removed from the fleet");
    // It dials a few times more, in vain, and builds on.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(fake.sandboxes().len(), 1);
    go_on.notify_one();
    let error = ended(agent).await;
    assert!(matches!(&error, RunError::Unwanted(reason) if reason.contains("was removed")), "{error:?}");
    assert_eq!(scene.folders().len(), 1, "what became of the build is not thrown away");
}
