//! ListBuildsForProject: the ids of a project's builds, by their numbers. A deleted project's builds, and those of
//! `buildyard start` that belong to no stored one, are listed too while there are any.

use super::build_page::page;
use super::failure::failure;
use super::identifier::{project_arn, project_name};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

pub(crate) struct ListBuildsForProject;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    project_name: String,
    #[serde(default)]
    sort_order: Option<String>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation<Context> for ListBuildsForProject {
    const NAME: &'static str = "ListBuildsForProject";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![project_arn(context, &input.project_name)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let unknown = || {
            let arn = project_arn(context, &input.project_name);
            ApiError::new("ResourceNotFoundException", format!("The provided project {arn} does not exist"))
        };
        let project = project_name(context, &input.project_name).ok_or_else(unknown)?;
        let (sort_order, token) = (input.sort_order.as_deref(), input.next_token.as_deref());
        let page = page(context, Self::NAME, Some(project.clone()), sort_order, token).await?;
        if page.items.is_empty() && context.service.project(&project).await.map_err(failure)?.is_none() {
            return Err(unknown());
        }
        Ok(Output { ids: page.items, next_token: page.next_token })
    }
}
