//! GetParameter: one parameter, by name or ARN, the newest version or a chosen one.

use super::failure::failure;
use super::parameter::Parameter;
use super::resource::parameter_arn;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

pub(super) struct GetParameter;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    name: String,
    with_decryption: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    parameter: Parameter,
}

impl Operation<Context> for GetParameter {
    const NAME: &'static str = "GetParameter";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![parameter_arn(context, &input.name)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let decrypt = input.with_decryption.unwrap_or_default();
        let found = context.service.safe().parameter(&input.name, decrypt).await.map_err(failure)?;
        Ok(Output { parameter: Parameter::of(context, found) })
    }
}
