//! DeleteProject: removes a project and keeps its builds (reference 12.2).

use super::empty::Empty;
use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Deserialize;

/// DeleteProject.
pub(super) struct DeleteProject;

/// Its name or ARN.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    name: String,
}

impl Operation<Context> for DeleteProject {
    const NAME: &'static str = "DeleteProject";
    type Input = Input;
    type Output = Empty;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![context.service.settings().project_arn(&input.name)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Empty, ApiError> {
        context.service.delete_project(&input.name).await.map_err(failure)?;
        Ok(Empty {})
    }
}
