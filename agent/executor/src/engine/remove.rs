//! Removes all that a sandbox was: container, anonymous volumes, network. Invariant: success means that nothing of it is
//! left, whoever removed it.

use super::Engine;
use super::failure::Failure;
use super::link::Link;
use super::spares::LENT;
use crate::sandbox::{ExecutorError, SandboxId};
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// See `Executor::remove`.
pub(super) async fn remove(engine: &Engine, id: &SandboxId) -> Result<(), ExecutorError> {
    let link = &engine.link;
    let lent = if engine.spares.has_lent(id) { None } else { lent(link, id).await? };
    container(link, &id.0).await?;
    engine.spares.give_back(link, id, lent).await
}

/// The network that the container was lent by an earlier process; absent when the container is gone.
async fn lent(link: &Link, id: &SandboxId) -> Result<Option<String>, ExecutorError> {
    let doing = format!("inspecting sandbox {}", id.0);
    match link.settled(&doing, || link.docker.inspect_container(&id.0, None)).await {
        Ok(found) => Ok(found.config.and_then(|config| config.labels?.remove(LENT))),
        Err(Failure::Absent(_)) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// Kills and removes a container with its anonymous volumes. Gone is success.
pub(super) async fn container(link: &Link, name: &str) -> Result<(), ExecutorError> {
    let until = Instant::now() + link.deadlines.change;
    let mut pause = Duration::from_millis(20);
    let doing = format!("removing container {name}");
    loop {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match link.change(&doing, link.docker.remove_container(name, Some(options))).await {
            Ok(()) | Err(Failure::Absent(_)) => return Ok(()),
            // Another removal is under way, or the kernel lets go of a mount late.
            Err(Failure::Conflict(_) | Failure::Broken(_)) if Instant::now() + pause < until => {
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
            Err(Failure::Unreachable(text)) => return Err(ExecutorError::Unreachable(text)),
            Err(failure) => return Err(ExecutorError::Failed(failure.message().to_owned())),
        }
    }
}
