//! ListProjects: the names of all projects, in pages of 100 (reference 12.2).

use super::failure::failure;
use super::listing::Listing;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Serialize;

/// ListProjects.
pub(super) struct ListProjects;

/// Names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    projects: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation<Context> for ListProjects {
    const NAME: &'static str = "ListProjects";
    type Input = Listing;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, input: Listing) -> Result<Output, ApiError> {
        let all = context.service.list_projects(input.sort()).await.map_err(failure)?;
        // The operation has no `maxResults`.
        let page = Listing { max_results: None, ..input }.page(Self::NAME, all)?;
        Ok(Output { projects: page.items, next_token: page.next_token })
    }
}
