//! Facts about what a later agent finds.

use super::program::Program;
use super::{LABEL, Trial};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

const AMPLE: Duration = Duration::from_secs(20);

pub(crate) async fn a_label_finds_its_sandboxes_and_no_others(trial: &Trial<'_>) {
    let running = trial.started(&Program::IgnoresStop).await;
    let ended = trial.started(&Program::Exits(0)).await;
    trial.exit(&ended).await;
    let found: BTreeMap<_, _> =
        trial.found(&*trial.executor).await.into_iter().map(|found| (found.id.clone(), found)).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[&running].running && !found[&ended].running, "{found:?}");
    assert_eq!(found[&running].labels["buildyard.other"], "x y");
    assert!(trial.executor.list(LABEL, "somebody else's").await.unwrap().is_empty());
    assert!(trial.executor.list("buildyard.unknown", "x").await.unwrap().is_empty());
}

pub(crate) async fn a_later_executor_waits_for_a_running_sandbox(trial: &Trial<'_>) {
    let id = trial.started(&Program::ListensToStop).await;
    if trial.ground.runs_programs() {
        trial.appears("ready").await;
    }
    let later = trial.ground.attach().await;
    assert!(trial.found(&*later).await[0].running);
    let (waited, stopped) = tokio::join!(timeout(AMPLE, later.wait(&id)), trial.executor.stop(&id, AMPLE));
    stopped.unwrap();
    let code = waited.expect("the wait ends").unwrap().code;
    let known = code == Some(7);
    assert!(known || (code.is_none() && !trial.ground.tells_foreign_exits()), "{code:?}");
}

pub(crate) async fn a_later_executor_sees_an_ended_sandbox(trial: &Trial<'_>) {
    let id = trial.started(&Program::Exits(9)).await;
    trial.exit(&id).await;
    let later = trial.ground.attach().await;
    assert_eq!(later.wait(&id).await.unwrap().code, Some(9));
    later.start(&id).await.unwrap();
    assert!(!trial.found(&*later).await[0].running, "what ran is not started again");
}

pub(crate) async fn a_later_executor_stops_and_removes(trial: &Trial<'_>) {
    let id = trial.started(&Program::IgnoresStop).await;
    let later = trial.ground.attach().await;
    later.stop(&id, Duration::ZERO).await.unwrap();
    timeout(AMPLE, later.wait(&id)).await.expect("the wait ends").unwrap();
    later.remove(&id).await.unwrap();
    assert!(trial.found(&*trial.executor).await.is_empty());
}

pub(crate) async fn a_sandbox_that_was_only_created_is_found_and_removed(trial: &Trial<'_>) {
    let id = trial.executor.create(&trial.spec(&Program::Exits(0))).await.unwrap();
    let later = trial.ground.attach().await;
    let found = trial.found(&*later).await;
    assert_eq!((found.len(), &found[0].id, found[0].running), (1, &id, false));
    later.remove(&id).await.unwrap();
    assert!(trial.found(&*later).await.is_empty());
}
