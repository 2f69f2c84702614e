//! InvalidateProjectCache: the next build begins without what others cached (reference 7.2).

use super::empty::Empty;
use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Deserialize;

/// InvalidateProjectCache.
pub(super) struct InvalidateProjectCache;

/// The project's name or ARN.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    project_name: String,
}

impl Operation<Context> for InvalidateProjectCache {
    const NAME: &'static str = "InvalidateProjectCache";
    type Input = Input;
    type Output = Empty;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![context.service.settings().project_arn(&input.project_name)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Empty, ApiError> {
        context.service.invalidate_project_cache(&input.project_name).await.map_err(failure)?;
        Ok(Empty {})
    }
}
