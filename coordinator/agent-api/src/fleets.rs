//! Fleets, for people and scripts.

use crate::identity;
use crate::status::{malformed, status};
use buildyard_proto::{convert, v1};
use buildyard_service::Service;
use tonic::{Request, Response, Status};

/// Events in an answer when nobody says how many, and at most.
const EVENTS: (u32, u32) = (100, 5000);

#[derive(Debug)]
pub(crate) struct Fleets {
    service: Service,
}

impl Fleets {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }
}

#[tonic::async_trait]
impl v1::fleets_server::Fleets for Fleets {
    async fn list_fleets(
        &self,
        request: Request<v1::ListFleetsRequest>,
    ) -> Result<Response<v1::ListFleetsReply>, Status> {
        identity::client(&self.service, request.metadata())?;
        let fleets = self.service.fleet_standings();
        let fleets = fleets.iter().map(|fleet| convert::document(fleet).into()).collect();
        Ok(Response::new(v1::ListFleetsReply { fleets }))
    }

    async fn fleet_history(
        &self,
        request: Request<v1::FleetHistoryRequest>,
    ) -> Result<Response<v1::FleetHistoryReply>, Status> {
        identity::client(&self.service, request.metadata())?;
        let v1::FleetHistoryRequest { fleet, limit } = request.into_inner();
        let fleet = if fleet.is_empty() { None } else { Some(fleet.parse().map_err(malformed)?) };
        let limit = if limit == 0 { EVENTS.0 } else { limit.min(EVENTS.1) };
        let events = self.service.fleet_history(fleet.as_ref(), limit as usize).await.map_err(status)?;
        let events = events.iter().map(|event| convert::document(event).into()).collect();
        Ok(Response::new(v1::FleetHistoryReply { events }))
    }
}
