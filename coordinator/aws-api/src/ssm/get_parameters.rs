//! GetParameters: several parameters; those that are not there are named.

use super::failure::failure;
use super::parameter::Parameter;
use super::resource::parameter_arn;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_service::parameters::ParameterError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(super) struct GetParameters;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    names: Vec<String>,
    with_decryption: Option<bool>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    parameters: Vec<Parameter>,
    invalid_parameters: Vec<String>,
}

impl Operation<Context> for GetParameters {
    const NAME: &'static str = "GetParameters";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        input.names.iter().map(|name| parameter_arn(context, name)).collect()
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let decrypt = input.with_decryption.unwrap_or_default();
        let mut output = Output::default();
        let mut seen = BTreeSet::new();
        for name in input.names.iter().filter(|name| seen.insert(name.as_str())) {
            match context.service.safe().parameter(name, decrypt).await {
                Ok(found) => output.parameters.push(Parameter::of(context, found)),
                Err(ParameterError::NotFound(_) | ParameterError::VersionNotFound { .. }) => {
                    output.invalid_parameters.push(name.clone());
                }
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(output)
    }
}
