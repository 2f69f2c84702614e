//! Tasks that bring the world in line with the records: each is idempotent, takes no input, and is woken both by a
//! bell and by a timer, so that a lost ring costs time and nothing else.

mod drains;
mod leases;
mod matching;
mod outbox;
mod queue;
mod retention;
mod scaling;
#[cfg(test)]
mod tests;
mod troubled;

pub use scaling::Closing;
pub(crate) use scaling::Closings;

use crate::{Error, Service};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Takes stock of what the store holds and starts every reconciler; they end with `shutdown`.
pub async fn run(service: &Service, shutdown: &CancellationToken) -> Result<TaskTracker, Error> {
    for build in service.store().active().await? {
        service.note(&build);
    }
    service.recall_launches().await?;
    queue::fill(service).await?;
    let tasks = TaskTracker::new();
    macro_rules! start {
        ($($task:ident),+) => {$({
            let (service, shutdown) = (service.clone(), shutdown.clone());
            tasks.spawn(async move {
                tokio::select! { () = shutdown.cancelled() => {} () = $task::run(&service) => {} }
            });
        })+};
    }
    start!(drains, matching, leases, queue, outbox, retention, scaling);
    tasks.close();
    Ok(tasks)
}
