//! UpdateProjectVisibility: shows a project's builds to everybody, or no more (reference 12.2).

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_service::Visibility;
use serde::{Deserialize, Serialize};

/// UpdateProjectVisibility.
pub(super) struct UpdateProjectVisibility;

/// The project's ARN and who may see its builds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    project_arn: String,
    project_visibility: Seen,
    resource_access_role: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Seen {
    PublicRead,
    Private,
}

/// The project as far as the public is concerned.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    project_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_project_alias: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_visibility: Option<String>,
}

impl Operation<Context> for UpdateProjectVisibility {
    const NAME: &'static str = "UpdateProjectVisibility";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![context.service.settings().project_arn(&input.project_arn)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let visibility = match input.project_visibility {
            Seen::PublicRead => Visibility::PublicRead,
            Seen::Private => Visibility::Private,
        };
        let role = input.resource_access_role.as_deref();
        let changed = context.service.set_project_visibility(&input.project_arn, visibility, role).await;
        let project = changed.map_err(failure)?;
        Ok(Output {
            project_arn: project.arn,
            public_project_alias: project.public_project_alias,
            project_visibility: project.project_visibility,
        })
    }
}
