//! TagResource: sets tags of a secret.

use super::access::allowed;
use super::failure::failure;
use super::secret::{Tag, tags};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

pub(super) struct TagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
pub(super) struct Output {}

impl Operation<Context> for TagResource {
    const NAME: &'static str = "TagResource";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        context.service.safe().tag_secret(&id, &tags(input.tags), &[]).await.map_err(failure)?;
        Ok(Output {})
    }
}
