//! DeleteParameter: removes a parameter with all its versions.

use super::failure::failure;
use super::resource::parameter_arn;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

pub(super) struct DeleteParameter;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    name: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Output {}

impl Operation<Context> for DeleteParameter {
    const NAME: &'static str = "DeleteParameter";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![parameter_arn(context, &input.name)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        context.service.safe().delete_parameter(&input.name).await.map_err(failure)?;
        Ok(Output {})
    }
}
