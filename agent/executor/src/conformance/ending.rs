//! Facts about stopping and removing.

use super::Trial;
use super::program::Program;
use crate::sandbox::{ExecutorError, SandboxId};
use std::time::{Duration, Instant};
use tokio::time::timeout;

const AMPLE: Duration = Duration::from_secs(20);

async fn ready(trial: &Trial<'_>) {
    if trial.ground.runs_programs() {
        trial.appears("ready").await;
    }
}

pub(crate) async fn a_stop_is_asked_for_first(trial: &Trial<'_>) {
    let id = trial.started(&Program::ListensToStop).await;
    ready(trial).await;
    trial.executor.stop(&id, AMPLE).await.unwrap();
    assert_eq!(trial.code(&id).await, Some(7));
}

pub(crate) async fn an_ignored_stop_is_enforced_after_the_grace(trial: &Trial<'_>) {
    let id = trial.started(&Program::IgnoresStop).await;
    ready(trial).await;
    let (asked, grace) = (Instant::now(), Duration::from_millis(300));
    trial.executor.stop(&id, grace).await.unwrap();
    assert!(asked.elapsed() >= grace, "{:?}", asked.elapsed());
    assert_eq!(trial.code(&id).await, Some(137));
}

pub(crate) async fn stopping_what_has_ended_or_is_gone_is_success(trial: &Trial<'_>) {
    let id = trial.started(&Program::Exits(1)).await;
    assert_eq!(trial.code(&id).await, Some(1));
    trial.executor.stop(&id, AMPLE).await.unwrap();
    assert_eq!(trial.code(&id).await, Some(1));
    trial.executor.stop(&SandboxId("never-was".into()), AMPLE).await.unwrap();
    trial.executor.stop(&SandboxId("../never/was?".into()), AMPLE).await.unwrap();
    let fresh = trial.executor.create(&trial.spec(&Program::Exits(0))).await.unwrap();
    trial.executor.stop(&fresh, AMPLE).await.unwrap();
}

pub(crate) async fn removing_a_running_sandbox_ends_its_wait(trial: &Trial<'_>) {
    let id = trial.started(&Program::IgnoresStop).await;
    ready(trial).await;
    let (waited, removed) = tokio::join!(timeout(AMPLE, trial.executor.wait(&id)), trial.executor.remove(&id));
    removed.unwrap();
    match waited.expect("the wait ends") {
        Ok(exit) => assert_eq!(exit.code, Some(137)),
        Err(error) => assert!(matches!(error, ExecutorError::Gone(_)), "{error}"),
    }
}

pub(crate) async fn removing_twice_and_at_once_is_success(trial: &Trial<'_>) {
    let id = trial.started(&Program::IgnoresStop).await;
    let (first, second) = tokio::join!(trial.executor.remove(&id), trial.executor.remove(&id));
    first.and(second).unwrap();
    trial.executor.remove(&id).await.unwrap();
    assert!(trial.found(&*trial.executor).await.is_empty());
}

pub(crate) async fn a_removed_sandbox_is_gone(trial: &Trial<'_>) {
    let id = trial.started(&Program::Exits(0)).await;
    trial.executor.remove(&id).await.unwrap();
    for answer in [trial.executor.start(&id).await, trial.executor.wait(&id).await.map(drop)] {
        assert!(matches!(&answer, Err(ExecutorError::Gone(gone)) if *gone == id), "{answer:?}");
    }
}

/// In a session of its own and without parent, it goes on writing for as long as it lives.
const DAEMON: &str = "setsid sh -c 'while :; do echo alive >> beats; : > ready; sleep 0.05; done' > /dev/null 2>&1 &
    while [ ! -e ready ]; do sleep 0.02; done;";

async fn is_silent(trial: &Trial<'_>) {
    let before = trial.text("beats");
    assert!(!before.is_empty());
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(trial.text("beats"), before, "the daemon lives on");
}

pub(crate) async fn daemonised_children_die_with_the_program(trial: &Trial<'_>) {
    if !trial.ground.runs_programs() {
        return;
    }
    let id = trial.started(&Program::Script(format!("{DAEMON} exit 0"))).await;
    assert_eq!(trial.code(&id).await, Some(0));
    is_silent(trial).await;
}

pub(crate) async fn daemonised_children_die_when_stopped(trial: &Trial<'_>) {
    if !trial.ground.runs_programs() {
        return;
    }
    let id = trial.started(&Program::Script(format!("trap '' TERM; {DAEMON} while :; do sleep 1; done"))).await;
    trial.appears("ready").await;
    trial.executor.stop(&id, Duration::from_millis(50)).await.unwrap();
    is_silent(trial).await;
}
