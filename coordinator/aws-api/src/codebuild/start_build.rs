//! StartBuild: queues a build of a project, with whatever the request overrides.

use super::build::{Build, build_view};
use super::failure::failure;
use super::identifier::{project_arn, project_name};
use super::initiator::initiator;
use super::reach::{may_pass, may_reach};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_service::Overrides;
use serde::{Deserialize, Serialize};

pub(crate) struct StartBuild;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    project_name: String,
    #[serde(default)]
    idempotency_token: Option<String>,
    #[serde(flatten)]
    overrides: Overrides,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    build: Build,
}

impl Operation<Context> for StartBuild {
    const NAME: &'static str = "StartBuild";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![project_arn(context, &input.project_name)]
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let Some(project) = project_name(context, &input.project_name) else {
            let arn = project_arn(context, &input.project_name);
            return Err(ApiError::new("ResourceNotFoundException", format!("Project cannot be found: {arn}")));
        };
        let reach = context.service.settings().reach_of_overrides(project.as_str(), &input.overrides);
        may_reach(caller, &reach)?;
        may_pass(context, caller, project.as_str(), input.overrides.service_role_override.as_deref()).await?;
        let token = input.idempotency_token.as_deref();
        let started = context.service.start_build(&project, input.overrides, &initiator(caller), token).await;
        Ok(Output { build: build_view(&started.map_err(failure)?) })
    }
}
