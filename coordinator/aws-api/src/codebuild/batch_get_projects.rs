//! BatchGetProjects: up to 100 projects by name or ARN (reference 12.1).

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Project;
use serde::{Deserialize, Serialize};

/// BatchGetProjects.
pub(super) struct BatchGetProjects;

/// Names or ARNs.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    names: Vec<String>,
}

/// Those that there are, and the names of those that there are not, as they came.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    projects: Vec<Project>,
    projects_not_found: Vec<String>,
}

impl Operation<Context> for BatchGetProjects {
    const NAME: &'static str = "BatchGetProjects";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        let settings = context.service.settings();
        input.names.iter().map(|name| settings.project_arn(name)).collect()
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let mut output = Output::default();
        for name in input.names {
            match context.service.project_named(&name).await.map_err(failure)? {
                Some(project) => output.projects.push(project),
                None => output.projects_not_found.push(name),
            }
        }
        Ok(output)
    }
}
