//! PutResourcePolicy: keeps the policy of a project or report group.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// PutResourcePolicy.
pub(super) struct PutResourcePolicy;

/// The resource's ARN and its policy as JSON text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    policy: String,
    resource_arn: String,
}

/// The resource's ARN.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    resource_arn: String,
}

impl Operation<Context> for PutResourcePolicy {
    const NAME: &'static str = "PutResourcePolicy";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        vec![input.resource_arn.clone()]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        context.service.put_resource_policy(&input.resource_arn, &input.policy).await.map_err(failure)?;
        Ok(Output { resource_arn: input.resource_arn })
    }
}
