//! UntagResource: takes tags away from a secret.

use super::access::allowed;
use super::failure::failure;

use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) struct UntagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
    tag_keys: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Output {}

impl Operation<Context> for UntagResource {
    const NAME: &'static str = "UntagResource";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        context.service.safe().tag_secret(&id, &BTreeMap::new(), &input.tag_keys).await.map_err(failure)?;
        Ok(Output {})
    }
}
