//! What an earlier agent process left and nobody needs: sandboxes of leases that have no folder any more. Only what
//! carries this agent's label is touched.

use crate::retry;
use crate::site::{AGENT_LABEL, LEASE_LABEL};
use backon::Retryable;
use buildyard_executor::{Executor, ExecutorError, Found, SandboxId};
use buildyard_model::AgentId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Finds leftovers. To be called before the first new build, whose sandbox would be taken for one.
pub(crate) async fn leftovers(
    executor: &dyn Executor,
    agent: &AgentId,
    kept: &BTreeSet<String>,
    sandboxes: &BTreeSet<SandboxId>,
) -> Result<Vec<Found>, ExecutorError> {
    let found = executor.list(AGENT_LABEL, agent.as_str()).await?;
    let known = |found: &Found| {
        sandboxes.contains(&found.id) || found.labels.get(LEASE_LABEL).is_some_and(|lease| kept.contains(lease))
    };
    Ok(found.into_iter().filter(|found| !known(found)).collect())
}

/// Removes them, for as long as it takes.
pub(crate) async fn remove(executor: Arc<dyn Executor>, leftovers: Vec<Found>) {
    for found in leftovers {
        tracing::info!(sandbox = %found.id.0, "removing a sandbox that no build needs");
        let removal = || executor.remove(&found.id);
        let tell = |error: &_, _| tracing::warn!(%error, "a leftover sandbox could not be removed; trying again");
        let _ = removal.retry(retry::of_removal()).notify(tell).await;
    }
}
