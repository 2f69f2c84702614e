//! UpdateFleet: changes a fleet. What is absent stays.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Fleet;
use buildyard_service::FleetRequest;
use serde::{Deserialize, Serialize};

/// UpdateFleet.
pub(super) struct UpdateFleet;

/// What is given replaces what was there.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    arn: String,
    #[serde(flatten)]
    request: FleetRequest,
}

/// The fleet as it is now.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    fleet: Fleet,
}

impl Operation<Context> for UpdateFleet {
    const NAME: &'static str = "UpdateFleet";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        vec![input.arn.clone()]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let fleet = context.service.update_fleet(&input.arn, input.request).await.map_err(failure)?;
        Ok(Output { fleet })
    }
}
