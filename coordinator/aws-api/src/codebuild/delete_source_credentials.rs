//! DeleteSourceCredentials: forgets a credential of a source provider.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// DeleteSourceCredentials.
pub(super) struct DeleteSourceCredentials;

/// The credential's ARN.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    arn: String,
}

/// The same ARN.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    arn: String,
}

impl Operation<Context> for DeleteSourceCredentials {
    const NAME: &'static str = "DeleteSourceCredentials";
    type Input = Input;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        context.service.delete_source_credential(&input.arn).await.map_err(failure)?;
        Ok(Output { arn: input.arn })
    }
}
