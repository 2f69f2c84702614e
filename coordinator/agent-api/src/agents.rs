//! Agents, for people and scripts.

use crate::identity;
use crate::status::{malformed, status};
use buildyard_proto::{convert, v1};
use buildyard_service::Service;
use tonic::{Request, Response, Status};

#[derive(Debug)]
pub(crate) struct Agents {
    service: Service,
}

impl Agents {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }
}

#[tonic::async_trait]
impl v1::agents_server::Agents for Agents {
    async fn list_agents(
        &self,
        request: Request<v1::ListAgentsRequest>,
    ) -> Result<Response<v1::ListAgentsReply>, Status> {
        identity::client(&self.service, request.metadata())?;
        let agents = self.service.agents().await.map_err(status)?;
        Ok(Response::new(v1::ListAgentsReply {
            agents: agents.iter().map(|agent| convert::document(agent).into()).collect(),
        }))
    }

    async fn drain_agent(
        &self,
        request: Request<v1::DrainAgentRequest>,
    ) -> Result<Response<v1::DrainAgentReply>, Status> {
        identity::client(&self.service, request.metadata())?;
        let request = request.into_inner();
        let name = request.name.parse().map_err(malformed)?;
        let agent = self.service.drain(&name, request.drain).await.map_err(status)?;
        Ok(Response::new(v1::DrainAgentReply { agent: convert::document(&agent).into() }))
    }
}
