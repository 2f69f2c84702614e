//! Facts about starting and waiting.

use super::Trial;
use super::program::Program;
use crate::sandbox::{ExecutorError, SandboxSpec};
use std::time::{Duration, Instant};

pub(crate) async fn an_exit_code_is_told(trial: &Trial<'_>) {
    for code in [0, 3, 255] {
        let id = trial.started(&Program::Exits(code)).await;
        let exit = trial.exit(&id).await;
        assert_eq!((exit.code, exit.out_of_memory), (Some(i64::from(code)), false));
    }
}

pub(crate) async fn a_program_of_no_time_is_not_missed(trial: &Trial<'_>) {
    let specs: Vec<_> = (1..=3).map(|code| trial.spec(&Program::Exits(code))).collect();
    let run = async |spec: &SandboxSpec| {
        let id = trial.started_as(spec).await;
        // By now it has most likely ended.
        trial.code(&id).await
    };
    let codes = futures::future::join_all(specs.iter().map(run)).await;
    assert_eq!(codes, [Some(1), Some(2), Some(3)]);
}

pub(crate) async fn starting_again_starts_nothing(trial: &Trial<'_>) {
    let program =
        if trial.ground.runs_programs() { Program::script("echo ran >> runs; exit 4") } else { Program::Exits(4) };
    let id = trial.executor.create(&trial.spec(&program)).await.unwrap();
    let (first, second) = tokio::join!(trial.executor.start(&id), trial.executor.start(&id));
    first.and(second).unwrap();
    assert_eq!(trial.code(&id).await, Some(4));
    trial.executor.start(&id).await.unwrap();
    assert_eq!(trial.code(&id).await, Some(4));
    if trial.ground.runs_programs() {
        assert_eq!(trial.text("runs"), "ran\n");
    }
}

pub(crate) async fn waiting_after_the_end_answers_at_once(trial: &Trial<'_>) {
    let id = trial.started(&Program::Exits(5)).await;
    assert_eq!(trial.code(&id).await, Some(5));
    let again = Instant::now();
    assert_eq!(trial.code(&id).await, Some(5));
    assert!(again.elapsed() < Duration::from_millis(500), "{:?}", again.elapsed());
}

pub(crate) async fn two_may_wait_at_once(trial: &Trial<'_>) {
    let id = trial.started(&Program::ListensToStop).await;
    if trial.ground.runs_programs() {
        trial.appears("ready").await;
    }
    let stop = trial.executor.stop(&id, Duration::from_secs(10));
    let (first, second, stopped) = tokio::join!(trial.code(&id), trial.code(&id), stop);
    stopped.unwrap();
    assert_eq!((first, second), (Some(7), Some(7)));
}

pub(crate) async fn a_sandbox_that_was_never_started_cannot_be_waited_for(trial: &Trial<'_>) {
    let id = trial.executor.create(&trial.spec(&Program::Exits(0))).await.unwrap();
    let answer = trial.executor.wait(&id).await;
    assert!(matches!(&answer, Err(ExecutorError::Refused(why)) if why.contains(&id.0)), "{answer:?}");
}

pub(crate) async fn creating_again_before_the_start_is_no_error(trial: &Trial<'_>) {
    let spec = trial.spec(&Program::Exits(6));
    let id = trial.executor.create(&spec).await.unwrap();
    assert_eq!(trial.executor.create(&spec).await.unwrap(), id);
    assert_eq!(trial.found(&*trial.executor).await.len(), 1);
    trial.executor.start(&id).await.unwrap();
    assert_eq!(trial.code(&id).await, Some(6));
    let after = trial.executor.create(&spec).await;
    assert!(matches!(after, Err(ExecutorError::Refused(_))), "{after:?}");
    assert_eq!(trial.code(&id).await, Some(6), "a refused creation destroys nothing");
}

pub(crate) async fn an_unsafe_name_is_refused(trial: &Trial<'_>) {
    for name in ["", "../x", "-x", "a/b", "a b", "a?b"] {
        let spec = SandboxSpec { name: name.to_owned(), ..trial.spec(&Program::Exits(0)) };
        let answer = trial.executor.create(&spec).await;
        assert!(matches!(answer, Err(ExecutorError::Refused(_))), "{name:?}: {answer:?}");
    }
}
