//! CreateFleet: makes a fleet (reference 11.1). Its instances come later.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Fleet;
use buildyard_service::FleetRequest;
use serde::Serialize;

/// CreateFleet.
pub(super) struct CreateFleet;

/// The fleet as it is stored.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    fleet: Fleet,
}

impl Operation<Context> for CreateFleet {
    const NAME: &'static str = "CreateFleet";
    type Input = FleetRequest;
    type Output = Output;

    /// The uuid in the ARN is not known yet.
    fn resources(context: &Context, input: &FleetRequest) -> Vec<String> {
        vec![context.codebuild_arn(&format!("fleet/{}:*", input.name.as_deref().unwrap_or_default()))]
    }

    async fn call(context: &Context, _caller: &Caller, input: FleetRequest) -> Result<Output, ApiError> {
        let fleet = context.service.create_fleet(input).await.map_err(failure)?;
        Ok(Output { fleet })
    }
}
