//! DeleteResourcePolicy: forgets the policy of a project or report group.

use super::empty::Empty;
use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Deserialize;

/// DeleteResourcePolicy.
pub(super) struct DeleteResourcePolicy;

/// The resource's ARN.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    resource_arn: String,
}

impl Operation<Context> for DeleteResourcePolicy {
    const NAME: &'static str = "DeleteResourcePolicy";
    type Input = Input;
    type Output = Empty;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        vec![input.resource_arn.clone()]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Empty, ApiError> {
        context.service.delete_resource_policy(&input.resource_arn).await.map_err(failure)?;
        Ok(Empty {})
    }
}
