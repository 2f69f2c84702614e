//! DeleteFleet: a fleet takes no more builds, ends those it has, then its instances, and is gone.

use super::empty::Empty;
use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Deserialize;

/// DeleteFleet.
pub(super) struct DeleteFleet;

/// Its ARN.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    arn: String,
}

impl Operation<Context> for DeleteFleet {
    const NAME: &'static str = "DeleteFleet";
    type Input = Input;
    type Output = Empty;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        vec![input.arn.clone()]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Empty, ApiError> {
        context.service.delete_fleet(&input.arn).await.map_err(failure)?;
        Ok(Empty {})
    }
}
