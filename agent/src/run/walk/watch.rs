//! Starts a sandbox and waits for its end, through an engine that may be away for a while.

use buildyard_executor::{Executor, ExecutorError, Exit, SandboxId};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long an engine may be away before its builds are given up.
const AWAY: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How a sandbox ended.
#[derive(Debug)]
pub(super) enum Ended {
    Exited {
        exit: Exit,
        /// What the engine said while it could not be reached.
        trouble: Option<String>,
    },
    /// It could not be started.
    Refused(ExecutorError),
    /// Nobody knows, and nobody will.
    Lost(String),
}

/// The wait, on a task of its own.
#[derive(Debug)]
pub(super) struct Watch(JoinHandle<Ended>);

impl Watch {
    pub(super) fn start(executor: Arc<dyn Executor>, sandbox: SandboxId) -> Self {
        Self(tokio::spawn(async move { see_through(&*executor, &sandbox).await }))
    }

    /// Waits for the end. Safe to drop half-way; not to be called again after it answered.
    pub(super) async fn ended(&mut self) -> Ended {
        (&mut self.0).await.unwrap_or_else(|error| Ended::Lost(error.to_string()))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn see_through(executor: &dyn Executor, sandbox: &SandboxId) -> Ended {
    let mut trouble = None;
    let mut away_since = None;
    loop {
        let waited = match executor.start(sandbox).await {
            Ok(()) => executor.wait(sandbox).await,
            Err(error @ (ExecutorError::Refused(_) | ExecutorError::Image(_))) => return Ended::Refused(error),
            Err(error) => Err(error),
        };
        let error = match waited {
            Ok(exit) => return Ended::Exited { exit, trouble },
            Err(ExecutorError::Gone(_)) => {
                return Ended::Lost("the build's sandbox was removed by somebody else".to_owned());
            }
            Err(error) => error,
        };
        let since = *away_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= AWAY {
            return Ended::Lost(format!("the engine was away for {} s: {error}", AWAY.as_secs()));
        }
        tracing::warn!(sandbox = %sandbox.0, %error, "the engine does not say how a sandbox is; asking again");
        trouble = Some(error.to_string());
        tokio::time::sleep(ASK_AGAIN).await;
    }
}
