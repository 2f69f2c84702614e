//! A sandbox's run: start, wait for the end, stop. Invariant: a program is started at most once, and no wait trusts one
//! connection: the engine is asked again and again whether it is still there and the program still runs.

use super::failure::Failure;
use super::link::Link;
use super::state::{self, State};
use crate::sandbox::{ExecutorError, Exit, SandboxId};
use bollard::query_parameters::{KillContainerOptionsBuilder, WaitContainerOptionsBuilder};
use futures::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// See `Executor::start`. The caller holds the sandbox's lock, as an engine would start again what has ended.
pub(super) async fn start(link: &Link, id: &SandboxId) -> Result<(), ExecutorError> {
    if !state::ask(link, id).await?.is_fresh() {
        return Ok(());
    }
    let started = link.change(&format!("starting sandbox {}", id.0), link.docker.start_container(&id.0, None)).await;
    match started {
        Ok(()) => Ok(()),
        // "No such network" is a 404 too: ask which of the two is missing.
        Err(Failure::Absent(text)) => match state::ask(link, id).await {
            Ok(_) => Err(ExecutorError::Refused(text)),
            Err(error) => Err(error),
        },
        Err(Failure::Broken(text)) if names_program(&text) => Err(ExecutorError::Refused(text)),
        Err(failure) => Err(failure.into()),
    }
}

/// Whether it is the program that cannot be started, as runc and crun put it; engines differ in whose fault that is.
fn names_program(text: &str) -> bool {
    text.contains("exec: ") || text.contains("executable file")
}

/// See `Executor::wait`.
pub(super) async fn wait(link: &Link, id: &SandboxId) -> Result<Exit, ExecutorError> {
    let mut pause = Duration::from_millis(10);
    loop {
        match state::ask(link, id).await? {
            State::Ended(exit) => return Ok(exit),
            State::Fresh(why) => return Err(never_ran(id, why)),
            State::Running => {}
        }
        let asked = Instant::now();
        let options = WaitContainerOptionsBuilder::default().condition("not-running").build();
        let mut end = Box::pin(link.docker.wait_container(&id.0, Some(options)));
        // Whatever comes — an end, the client library's error for an exit code, a lost connection — the state tells.
        let _ = timeout(link.deadlines.recheck, end.next()).await;
        if asked.elapsed() < pause {
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
}

fn never_ran(id: &SandboxId, why: Option<String>) -> ExecutorError {
    let why = why.map(|why| format!(": {}", super::failure::one_line(&why))).unwrap_or_default();
    ExecutorError::Refused(format!("sandbox {} was never started{why}", id.0))
}

/// See `Executor::stop`.
pub(super) async fn stop(link: &Link, id: &SandboxId, grace: Duration) -> Result<(), ExecutorError> {
    if !signal(link, id, "SIGTERM").await? {
        return Ok(());
    }
    if let Ok(ended) = timeout(grace, wait(link, id)).await {
        return is_over(ended);
    }
    if !signal(link, id, "SIGKILL").await? {
        return Ok(());
    }
    match timeout(link.deadlines.change, wait(link, id)).await {
        Ok(ended) => is_over(ended),
        Err(_) => Err(ExecutorError::Failed(format!(
            "sandbox {} lives on after SIGKILL, which only the kernel or the engine can cause: take no more work on this host \
             and restart it",
            id.0
        ))),
    }
}

fn is_over(ended: Result<Exit, ExecutorError>) -> Result<(), ExecutorError> {
    match ended {
        Ok(_) | Err(ExecutorError::Gone(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Sends a signal to the program; whether there was one to get it.
async fn signal(link: &Link, id: &SandboxId, name: &str) -> Result<bool, ExecutorError> {
    let options = KillContainerOptionsBuilder::default().signal(name).build();
    let doing = format!("sending {name} to sandbox {}", id.0);
    match link.change(&doing, link.docker.kill_container(&id.0, Some(options))).await {
        Ok(()) => Ok(true),
        Err(Failure::Absent(_) | Failure::Conflict(_)) => Ok(false),
        // Some engines call a container that is not running a failure of their own.
        Err(Failure::Broken(text)) => match state::ask(link, id).await {
            Ok(State::Running) => Err(ExecutorError::Failed(text)),
            Ok(_) | Err(ExecutorError::Gone(_)) => Ok(false),
            Err(error) => Err(error),
        },
        Err(failure) => Err(failure.into()),
    }
}
