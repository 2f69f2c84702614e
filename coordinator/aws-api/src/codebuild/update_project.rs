//! UpdateProject: changes a project; what is absent stays (reference 12.4).

use super::failure::failure;
use super::reach::{may_pass, may_reach};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Project;
use buildyard_service::ProjectRequest;
use serde::Serialize;

/// UpdateProject.
pub(super) struct UpdateProject;

/// The project as it is now.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    project: Project,
}

impl Operation<Context> for UpdateProject {
    const NAME: &'static str = "UpdateProject";
    const CLEARED_BY_EMPTY: &'static [&'static str] = &["cache", "encryptionKey"];
    type Input = ProjectRequest;
    type Output = Output;

    fn resources(context: &Context, input: &ProjectRequest) -> Vec<String> {
        vec![context.service.settings().project_arn(&input.name)]
    }

    async fn call(context: &Context, caller: &Caller, input: ProjectRequest) -> Result<Output, ApiError> {
        may_reach(caller, &context.service.settings().reach_of_project(&input))?;
        may_pass(context, caller, &input.name, input.service_role.as_deref()).await?;
        let project = context.service.update_project(input).await.map_err(failure)?;
        Ok(Output { project })
    }
}
