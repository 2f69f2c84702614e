//! Clears away what a dead agent left when no other will come back for it: sandboxes with their networks, processes,
//! secrets in memory. The lock of its data directory proves that it is dead.

use crate::agent::{Agent, StartError, executor, memory};
use crate::config::AgentConfig;
use crate::lock::DataLock;
use crate::sweep;
use std::collections::BTreeSet;
use std::io;

impl Agent {
    /// Removes everything outside of its data directory that the agent of this config left; the directory itself is the
    /// caller's. Only what carries the agent's name is touched, so the name must never have been another's.
    ///
    /// # Errors
    /// [`StartError::Lock`] when the agent lives; what could not be removed may be tried again.
    pub async fn clear(config: &AgentConfig) -> Result<(), StartError> {
        let name = config.agent_name()?;
        let _lock = DataLock::take(&config.data_dir)?;
        let (executor, _) = executor(config, None).await?;
        for found in sweep::leftovers(&*executor, &name, &BTreeSet::new(), &BTreeSet::new()).await? {
            executor.remove(&found.id).await?;
        }
        let path = memory(&config.data_dir);
        match std::fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(StartError::File { path, source }),
            _ => Ok(()),
        }
    }
}
