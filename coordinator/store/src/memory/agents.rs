//! Agents in memory.

use super::Memory;
use crate::roles::{AgentRecord, Agents, Error};
use async_trait::async_trait;
use buildyard_model::AgentId;

#[async_trait]
impl Agents for Memory {
    async fn put_agent(&self, agent: &AgentRecord) -> Result<(), Error> {
        self.records().agents.insert(agent.name.clone(), agent.clone());
        Ok(())
    }

    async fn agent(&self, name: &AgentId) -> Result<Option<AgentRecord>, Error> {
        Ok(self.records().agents.get(name).cloned())
    }

    async fn agents(&self) -> Result<Vec<AgentRecord>, Error> {
        Ok(self.records().agents.values().cloned().collect())
    }

    async fn remove_agent(&self, name: &AgentId) -> Result<(), Error> {
        self.records().agents.remove(name);
        Ok(())
    }
}
