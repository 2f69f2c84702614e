//! Where a container is in its life, as the engine tells it.

use super::failure::Failure;
use super::link::Link;
use crate::sandbox::{ExecutorError, Exit, SandboxId};
use bollard::models::{ContainerState, ContainerStateStatusEnum as Status};

/// A container's life, as far as a sandbox's callers care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Never ran. When a start failed, why.
    Fresh(Option<String>),
    Running,
    Ended(Exit),
}

impl State {
    pub(super) fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh(_))
    }
}

/// Reads the engine's record; no record counts as never run.
pub(super) fn of(record: Option<&ContainerState>) -> State {
    let Some(record) = record else { return State::Fresh(None) };
    if record.running == Some(true) || record.paused == Some(true) {
        return State::Running;
    }
    match record.status {
        Some(Status::CREATED) | None => State::Fresh(record.error.clone().filter(|error| !error.is_empty())),
        Some(Status::RUNNING | Status::PAUSED | Status::RESTARTING | Status::STOPPING) => State::Running,
        Some(Status::REMOVING | Status::EXITED | Status::DEAD | Status::EMPTY) => {
            State::Ended(Exit { code: record.exit_code, out_of_memory: record.oom_killed == Some(true) })
        }
    }
}

/// Asks for the state.
///
/// # Errors
/// `Gone` when the engine does not know the container.
pub(super) async fn ask(link: &Link, id: &SandboxId) -> Result<State, ExecutorError> {
    let name = &id.0;
    let doing = format!("inspecting sandbox {name}");
    match link.settled(&doing, || link.docker.inspect_container(name, None)).await {
        Ok(found) => Ok(of(found.state.as_ref())),
        Err(Failure::Absent(_)) => Err(ExecutorError::Gone(id.clone())),
        Err(failure) => Err(failure.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(status: Status, exit_code: i64) -> ContainerState {
        ContainerState { status: Some(status), exit_code: Some(exit_code), ..Default::default() }
    }

    #[test]
    fn a_failed_start_leaves_a_container_that_never_ran() {
        let record = ContainerState { error: Some("exec: no such file".into()), ..record(Status::CREATED, 127) };
        assert_eq!(of(Some(&record)), State::Fresh(Some("exec: no such file".into())));
    }

    #[test]
    fn a_kill_for_want_of_memory_is_told() {
        let record = ContainerState { oom_killed: Some(true), ..record(Status::EXITED, 137) };
        assert_eq!(of(Some(&record)), State::Ended(Exit { code: Some(137), out_of_memory: true }));
    }
}
