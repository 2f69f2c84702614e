//! Agents, for people and scripts.

use crate::identity;
use crate::status::{malformed, status};
use buildyard_model::WithdrawalKind;
use buildyard_proto::{convert, v1};
use buildyard_service::{Removal, Service, Withdraw};
use std::time::Duration;
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
        let agent = match request.drain {
            true => self.service.withdraw(&name, withdrawal(request)).await,
            false => self.service.restore(&name).await,
        };
        Ok(Response::new(v1::DrainAgentReply { agent: convert::document(&agent.map_err(status)?).into() }))
    }

    async fn remove_agent(
        &self,
        request: Request<v1::RemoveAgentRequest>,
    ) -> Result<Response<v1::RemoveAgentReply>, Status> {
        identity::client(&self.service, request.metadata())?;
        let request = request.into_inner();
        let name = request.name.parse().map_err(malformed)?;
        let how = Removal { force: request.force, by: request.asked_by, reason: request.reason };
        let agent = self.service.remove_agent(&name, how).await.map_err(status)?;
        Ok(Response::new(v1::RemoveAgentReply { agent: convert::document(&agent).into() }))
    }
}

fn withdrawal(request: v1::DrainAgentRequest) -> Withdraw {
    Withdraw {
        kind: if request.cordon { WithdrawalKind::Cordon } else { WithdrawalKind::Drain },
        within: (request.within_ms > 0).then(|| Duration::from_millis(request.within_ms)),
        by: request.asked_by,
        reason: request.reason,
    }
}
