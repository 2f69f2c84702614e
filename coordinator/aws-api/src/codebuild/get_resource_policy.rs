//! GetResourcePolicy: the policy of a project or report group.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// GetResourcePolicy.
pub(super) struct GetResourcePolicy;

/// The resource's ARN.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    resource_arn: String,
}

/// The policy as it was put.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    policy: String,
}

impl Operation<Context> for GetResourcePolicy {
    const NAME: &'static str = "GetResourcePolicy";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        vec![input.resource_arn.clone()]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let policy = context.service.resource_policy(&input.resource_arn).await.map_err(failure)?;
        Ok(Output { policy })
    }
}
