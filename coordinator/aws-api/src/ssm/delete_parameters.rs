//! DeleteParameters: removes several parameters; those that are not there are named.

use super::failure::failure;
use super::resource::parameter_arn;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_service::parameters::ParameterError;
use serde::{Deserialize, Serialize};

pub(super) struct DeleteParameters;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    names: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    deleted_parameters: Vec<String>,
    invalid_parameters: Vec<String>,
}

impl Operation<Context> for DeleteParameters {
    const NAME: &'static str = "DeleteParameters";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        input.names.iter().map(|name| parameter_arn(context, name)).collect()
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let mut output = Output::default();
        for name in input.names {
            match context.service.safe().delete_parameter(&name).await {
                Ok(()) => output.deleted_parameters.push(name),
                Err(ParameterError::NotFound(_)) => output.invalid_parameters.push(name),
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(output)
    }
}
