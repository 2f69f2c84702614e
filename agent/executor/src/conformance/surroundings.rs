//! Facts about what a program finds around it; for executors that run real programs.

use super::Trial;
use super::program::Program;
use crate::sandbox::{ExecutorError, SandboxSpec};

/// Runs a script to its end.
async fn run(trial: &Trial<'_>, script: &str) -> Option<i64> {
    let id = trial.started(&Program::script(script)).await;
    trial.code(&id).await
}

pub(crate) async fn the_environment_is_as_given(trial: &Trial<'_>) {
    if !trial.ground.runs_programs() {
        return;
    }
    assert_eq!(run(trial, "env > environment").await, Some(0));
    let environment = trial.text("environment");
    assert!(environment.lines().any(|line| line == "TRIAL=a=b c'\"$d"), "{environment}");
    assert!(environment.lines().any(|line| line.starts_with("PATH=") && line.contains("/bin")), "{environment}");
    // Cargo gives this to us; nothing of the agent's own goes further.
    assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok() && !environment.contains("CARGO_"), "{environment}");
}

pub(crate) async fn the_program_starts_in_its_folder(trial: &Trial<'_>) {
    if !trial.ground.runs_programs() {
        return;
    }
    let mut spec = trial.spec(&Program::Exits(0));
    let folder = trial.ground.folder_inside();
    spec.working_directory = folder.join("not/yet/there");
    let script = format!("pwd > '{}'", folder.join("where").display());
    spec.command = vec![spec.command[0].clone(), "-c".into(), script];
    let id = trial.started_as(&spec).await;
    assert_eq!(trial.code(&id).await, Some(0));
    assert_eq!(trial.text("where").trim(), spec.working_directory.to_str().unwrap());
}

pub(crate) async fn a_folder_of_the_host_can_be_written(trial: &Trial<'_>) {
    if !trial.ground.runs_programs() {
        return;
    }
    std::fs::write(trial.ground.folder().join("in"), "from outside").unwrap();
    assert_eq!(run(trial, "cat in > out").await, Some(0));
    assert_eq!(trial.text("out"), "from outside");
}

pub(crate) async fn a_signal_counts_as_128_and_its_number(trial: &Trial<'_>) {
    if !trial.ground.runs_programs() {
        return;
    }
    // A container's init cannot kill itself; what it tells is what it says by itself, as shells do.
    assert_eq!(run(trial, "sh -c 'kill -9 $$'; exit $?").await, Some(137));
}

pub(crate) async fn a_program_that_is_not_there_is_refused(trial: &Trial<'_>) {
    if !trial.ground.runs_programs() {
        return;
    }
    let spec = SandboxSpec { command: vec!["/no/such/program".into()], ..trial.spec(&Program::Exits(0)) };
    let id = trial.executor.create(&spec).await.unwrap();
    let answer = trial.executor.start(&id).await;
    assert!(matches!(&answer, Err(ExecutorError::Refused(why)) if why.contains("/no/such/program")), "{answer:?}");
    let answer = trial.executor.wait(&id).await;
    assert!(matches!(&answer, Err(ExecutorError::Refused(why)) if why.contains("never started")), "{answer:?}");
}
