//! ListTagsForResource: the tags of a parameter.

use super::failure::failure;
use super::resource::{Tag, bad_resource, only_parameters, parameter_arn};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

pub(super) struct ListTagsForResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    resource_type: String,
    resource_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    tag_list: Vec<Tag>,
}

impl Operation<Context> for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![parameter_arn(context, &input.resource_id)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        only_parameters(&input.resource_type)?;
        let tags = context.service.safe().parameter_tags(&input.resource_id).await;
        let tags = tags.map_err(failure).map_err(bad_resource)?;
        Ok(Output { tag_list: tags.into_iter().map(|(key, value)| Tag { key, value }).collect() })
    }
}
