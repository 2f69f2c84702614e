//! Fleets that end with their coordinator.

use super::*;
use crate::Closing;
use tokio::task::JoinHandle;

impl Stage {
    fn close(&self, how: Closing) -> JoinHandle<()> {
        let service = self.rig.service.clone();
        tokio::spawn(async move { service.close_fleets(how).await.unwrap() })
    }
}

#[tokio::test(start_paused = true)]
async fn fleets_that_close_end_idle_agents_at_once_and_others_after_their_builds() {
    let mut stage = Stage::set(Policy { min: 2, ..policy() }).await;
    let build = stage.rig.submit("app").await;
    stage.pass(3).await;
    stage.settle().await;
    let (agent, token) = stage.offer().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    let closing = stage.close(Closing::Patient);
    stage.live(5).await;
    let running = stage.place.running();
    let left: Vec<&str> = running.values().map(|one| one.launch.agent.as_str()).collect();
    assert_eq!(left, [agent.as_str()], "the idle one has ended, the other builds on");
    let waiting = stage.rig.submit("app").await;
    stage.live(60).await;
    assert!(!closing.is_finished());
    stage.finishes(&agent, token).await;
    stage.live(5).await;
    closing.await.unwrap();
    assert!(stage.place.running().is_empty() && stage.place.started() == 2, "nothing was launched for what waits");
    assert!(ended_idle(&stage.history().await));
    assert!(stage.rig.service.build(&build).await.unwrap().build_complete);
    assert!(!stage.rig.service.build(&waiting).await.unwrap().build_complete, "it waits for the next start");
    // Which builds it, with the same records.
    stage.restart(policy()).await;
    stage.pass(3).await;
    stage.settle().await;
    assert_eq!(stage.offer().await.1.build, waiting);
}

#[tokio::test(start_paused = true)]
async fn fleets_that_close_at_once_stop_their_builds() {
    let mut stage = Stage::set(policy()).await;
    stage.rig.submit("app").await;
    stage.pass(3).await;
    stage.settle().await;
    let (agent, token) = stage.offer().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    let patient = stage.close(Closing::Patient);
    stage.live(3).await;
    assert!(!patient.is_finished());
    let hasty = stage.close(Closing::AtOnce);
    let told = loop {
        match stage.agents.get_mut(&agent).unwrap().message().await {
            ToAgent::Stop { token, .. } => break token,
            _ => continue,
        }
    };
    assert_eq!(told, token);
    stage.finishes(&agent, token).await;
    stage.live(90).await;
    hasty.await.unwrap();
    patient.await.unwrap();
    assert!(stage.place.running().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_agent_never_came_ends_with_the_others() {
    let stage = Stage::set(policy()).await;
    stage.rig.submit("app").await;
    stage.pass(3).await;
    assert_eq!(stage.place.running().len(), 1);
    stage.close(Closing::Patient).await.unwrap();
    assert!(stage.place.running().is_empty());
    assert!(stage.rig.service.inner.fleets.launches.fleets().is_empty());
}
