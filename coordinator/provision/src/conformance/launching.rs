//! Instances come once per ticket, and go when they are told to.

use super::{TOKEN, Trial, running, until};
use crate::provisioner::InstanceState;
use buildyard_model::{InstanceId, Ticket};
use std::collections::BTreeSet;

pub(crate) async fn a_launch_becomes_an_instance_with_its_ticket(trial: &Trial<'_>) {
    let (launch, instance) = trial.launched().await;
    if trial.ground.remembers_tickets() {
        assert_eq!(instance.ticket, Some(launch.ticket));
    }
    assert!(trial.ground.lives(&instance.id).await);
}

pub(crate) async fn several_are_launched_at_once(trial: &Trial<'_>) {
    let launches = [trial.launch(), trial.launch(), trial.launch()];
    trial.fleet.launch(&launches).await.unwrap();
    let there = trial.running(3).await;
    if trial.ground.remembers_tickets() {
        let asked: BTreeSet<Ticket> = launches.iter().map(|launch| launch.ticket).collect();
        assert_eq!(there.iter().filter_map(|one| one.ticket).collect::<BTreeSet<_>>(), asked);
    }
    let ids: BTreeSet<&InstanceId> = there.iter().map(|one| &one.id).collect();
    assert_eq!(ids.len(), 3);
}

pub(crate) async fn a_repeated_launch_starts_nothing_more(trial: &Trial<'_>) {
    let (launch, instance) = trial.launched().await;
    trial.fleet.launch(&[launch.clone(), launch]).await.unwrap();
    assert_eq!(trial.running(1).await[0].id, instance.id);
}

pub(crate) async fn a_launch_repeated_after_a_restart_starts_nothing_more(trial: &Trial<'_>) {
    let (launch, instance) = trial.launched().await;
    if !trial.ground.remembers_tickets() {
        return;
    }
    let later = trial.attach(&trial.owner).await;
    later.launch(&[launch]).await.unwrap();
    assert_eq!(running(&*later, 1).await[0].id, instance.id);
}

pub(crate) async fn an_agent_finds_its_launch_in_its_environment(trial: &Trial<'_>) {
    let (launch, _) = trial.launched().await;
    if trial.ground.heard(launch.ticket).await.is_none() {
        return;
    }
    until("the agent says what it found", async || {
        trial.ground.heard(launch.ticket).await.is_some_and(|text| !text.is_empty())
    })
    .await;
    let heard = trial.ground.heard(launch.ticket).await.unwrap_or_default();
    let line = |wanted: &str| assert!(heard.lines().any(|line| line == wanted), "{wanted} is not in {heard}");
    line(&format!("BUILDYARD_COORDINATOR={}", launch.coordinator));
    line(&format!("BUILDYARD_JOIN_TOKEN={TOKEN}"));
    line(&format!("BUILDYARD_AGENT_NAME={}", launch.agent));
    line(&format!("BUILDYARD_TICKET={}", launch.ticket));
    line(&format!("BUILDYARD_FLEET={}", launch.fleet));
    line("BUILDYARD_SLOTS=2");
    line("BUILDYARD_LABELS=zone=a");
}

pub(crate) async fn the_join_token_cannot_be_seen(trial: &Trial<'_>) {
    let (_, instance) = trial.launched().await;
    let seen = trial.ground.public(&instance.id).await;
    assert!(!seen.contains(TOKEN), "{seen}");
    assert!(!format!("{:?} {instance:?}", trial.fleet).contains(TOKEN));
}

pub(crate) async fn a_terminated_instance_goes(trial: &Trial<'_>) {
    let (_, instance) = trial.launched().await;
    trial.fleet.terminate(&instance.id).await.unwrap();
    let told = trial.fleet.instances().await.unwrap();
    assert!(told.iter().all(|one| one.state == InstanceState::Stopping), "{told:?}");
    trial.running(0).await;
    until("it is really gone", async || !trial.ground.lives(&instance.id).await).await;
}

pub(crate) async fn what_is_gone_has_been_terminated(trial: &Trial<'_>) {
    let (_, instance) = trial.launched().await;
    trial.fleet.terminate(&instance.id).await.unwrap();
    trial.fleet.terminate(&instance.id).await.unwrap();
    trial.running(0).await;
    trial.fleet.terminate(&instance.id).await.unwrap();
}

pub(crate) async fn what_ended_by_itself_is_listed_no_more(trial: &Trial<'_>) {
    let (_, instance) = trial.launched().await;
    trial.ground.end(&instance.id).await;
    until("it is listed no more", async || {
        trial.fleet.instances().await.unwrap().iter().all(|one| one.id != instance.id)
    })
    .await;
    trial.fleet.terminate(&instance.id).await.unwrap();
}
