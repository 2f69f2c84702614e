//! AddTagsToResource: sets tags of a parameter.

use super::failure::failure;
use super::resource::{Tag, bad_resource, only_parameters, parameter_arn, tags};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

pub(super) struct AddTagsToResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    resource_type: String,
    resource_id: String,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
pub(super) struct Output {}

impl Operation<Context> for AddTagsToResource {
    const NAME: &'static str = "AddTagsToResource";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![parameter_arn(context, &input.resource_id)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        only_parameters(&input.resource_type)?;
        let tagged = context.service.safe().tag_parameter(&input.resource_id, &tags(input.tags), &[]).await;
        tagged.map_err(failure).map_err(bad_resource)?;
        Ok(Output {})
    }
}
