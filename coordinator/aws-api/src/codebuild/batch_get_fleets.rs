//! BatchGetFleets: up to 100 fleets by name or ARN (reference 12.1).

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Fleet;
use serde::{Deserialize, Serialize};

/// BatchGetFleets.
pub(super) struct BatchGetFleets;

/// Names or ARNs.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    names: Vec<String>,
}

/// Those that there are, and the names of those that there are not.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    fleets: Vec<Fleet>,
    fleets_not_found: Vec<String>,
}

impl Operation<Context> for BatchGetFleets {
    const NAME: &'static str = "BatchGetFleets";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        // A name alone stands for whatever fleet has it.
        let arn = |name: &String| match name.starts_with("arn:") {
            true => name.clone(),
            false => context.codebuild_arn(&format!("fleet/{name}:*")),
        };
        input.names.iter().map(arn).collect()
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let mut output = Output::default();
        for name in input.names {
            match context.service.fleet(&name).await.map_err(failure)? {
                Some(fleet) => output.fleets.push(fleet),
                None => output.fleets_not_found.push(name),
            }
        }
        Ok(output)
    }
}
