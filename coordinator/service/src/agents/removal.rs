//! Removes an agent for good: its record and its credential go, and who comes with that credential is told so. The
//! same host may enrol again as a new agent, once it has forgotten the credential.

use crate::records::{read, removal, write};
use crate::{Error, Kind, Service};
use buildyard_model::{AgentId, AgentView, Timestamp};
use buildyard_scheduler::event::shorten;
use buildyard_store::{DocumentKind, Expected};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const KIND: DocumentKind = DocumentKind::RemovedAgent;
/// For so long a removed agent hears why; then its credential is as good as any other that is not known.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);
/// Forgotten with one removal at most.
const PAGE: u32 = 500;
/// What a person may say of it, in bytes.
const MOST_WORDS: usize = 256;

/// How and why an agent is removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removal {
    /// Also while it has builds: these are taken from it.
    pub force: bool,
    pub by: String,
    pub reason: String,
}

/// What is remembered of a removed agent, under its credential's fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Removed {
    agent: AgentId,
    at: Timestamp,
    by: String,
    reason: String,
}

impl Removed {
    fn words(&self) -> String {
        let by = if self.by.is_empty() { String::new() } else { format!(" by {}", self.by) };
        let why = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        format!(
            "agent {} was removed from the fleet{by}{why}; to let this host join anew, delete the file credential in the agent's data directory",
            self.agent
        )
    }
}

impl Service {
    /// Removes the agent and gives what it was. Refused while it has builds, unless forced.
    pub async fn remove_agent(&self, agent: &AgentId, how: Removal) -> Result<AgentView, Error> {
        let _turn = self.inner.turns.of(agent).await;
        let record = self.known_agent(agent).await?;
        let builds = self.inner.load.builds(agent);
        if let Some(build) = builds.first()
            && !how.force
        {
            return Err(Error::new(
                Kind::Conflict,
                format!("agent {agent} has {} builds, {build} among them: drain it first, or use force", builds.len()),
            ));
        }
        let view = self.agent_view(&record);
        let (by, reason) = (shorten(how.by, MOST_WORDS), shorten(how.reason, MOST_WORDS));
        let removed = Removed { agent: agent.clone(), at: self.now(), by, reason };
        // First, so that no crash leaves an agent that was removed and can enrol again.
        self.store().change(&[write(KIND, &record.credential_sha256, &removed, Expected::Anything)?]).await?;
        self.inner.sessions.update(agent, |session| session.draining = true);
        self.evict(agent, "it was removed from the fleet", true).await?;
        self.store().remove_agent(agent).await?;
        self.inner.sessions.end(agent);
        tracing::info!(agent.id = %agent, words = removed.words(), "agent removed");
        self.forget_removed().await?;
        Ok(view)
    }

    /// What to tell who comes with the credential of a removed agent.
    pub(crate) async fn removed(&self, credential_sha256: &str) -> Result<Option<String>, Error> {
        Ok(self.record::<Removed>(KIND, credential_sha256).await?.map(|removed| removed.words()))
    }

    async fn forget_removed(&self) -> Result<(), Error> {
        let now = self.now();
        let mut old = Vec::new();
        for document in self.store().documents(KIND, "", "", PAGE).await? {
            if now.since(read::<Removed>(KIND, &document)?.at) > REMEMBERED {
                old.push(removal(KIND, &document.key));
            }
        }
        if old.is_empty() { Ok(()) } else { Ok(self.store().change(&old).await?) }
    }
}
