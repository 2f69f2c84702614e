//! Whether an agent is to be given builds: what a person decided, kept with its record.

use crate::sessions::ToAgent;
use crate::{Error, Service};
use buildyard_model::{AgentId, AgentView};

impl Service {
    /// A person wants the agent to take no more builds, or to take them again.
    pub async fn drain(&self, agent: &AgentId, drain: bool) -> Result<AgentView, Error> {
        let mut record = self
            .store()
            .agent(agent)
            .await?
            .ok_or_else(|| Error::not_found(format!("agent {agent} does not exist")))?;
        record.draining = drain;
        self.store().put_agent(&record).await?;
        self.inner.sessions.update(agent, |session| session.draining = drain);
        self.inner.sessions.send(agent, ToAgent::Drain(drain));
        self.inner.match_bell.notify_one();
        Ok(self.agent_view(&record))
    }
}
