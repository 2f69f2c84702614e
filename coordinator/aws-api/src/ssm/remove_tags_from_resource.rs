//! RemoveTagsFromResource: takes tags away from a parameter.

use super::failure::failure;
use super::resource::{bad_resource, only_parameters, parameter_arn};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) struct RemoveTagsFromResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    resource_type: String,
    resource_id: String,
    tag_keys: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Output {}

impl Operation<Context> for RemoveTagsFromResource {
    const NAME: &'static str = "RemoveTagsFromResource";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![parameter_arn(context, &input.resource_id)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        only_parameters(&input.resource_type)?;
        let safe = context.service.safe();
        let removed = safe.tag_parameter(&input.resource_id, &BTreeMap::new(), &input.tag_keys).await;
        removed.map_err(failure).map_err(bad_resource)?;
        Ok(Output {})
    }
}
