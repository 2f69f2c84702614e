//! Who calls: an agent by its credential, a client by its token.

use crate::status::status;
use buildyard_model::AgentId;
use buildyard_service::Service;
use tonic::Status;
use tonic::metadata::MetadataMap;

fn bearer(metadata: &MetadataMap) -> Result<&str, Status> {
    metadata
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| {
            Status::unauthenticated(
                "the call carries no token; set BUILDYARD_TOKEN (see credentials.env in the data directory)",
            )
        })
}

pub(crate) async fn agent(service: &Service, metadata: &MetadataMap) -> Result<AgentId, Status> {
    service.admit_agent(bearer(metadata)?).await.map_err(|error| unauthenticated(error, "agent"))
}

pub(crate) fn client(service: &Service, metadata: &MetadataMap) -> Result<(), Status> {
    service.admit_client(bearer(metadata)?).map_err(|error| unauthenticated(error, "client"))
}

fn unauthenticated(error: buildyard_service::Error, who: &str) -> Status {
    if error.kind == buildyard_service::Kind::Denied {
        tracing::warn!(who, "a call with an unknown credential was refused");
        Status::unauthenticated(error.message)
    } else {
        status(error)
    }
}
