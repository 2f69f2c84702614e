//! BatchGetBuilds: builds in full, and the names of those that are not there.

use super::build::{Build, build_view};
use super::failure::failure;
use super::identifier::{build_id, projects_of};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::BuildId;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

pub(crate) struct BatchGetBuilds;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    ids: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    builds: Vec<Build>,
    builds_not_found: Vec<String>,
}

impl Operation<Context> for BatchGetBuilds {
    const NAME: &'static str = "BatchGetBuilds";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        projects_of(context, &input.ids)
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let named = input.ids.into_iter().map(|text| Ok((build_id(context, &text)?, text)));
        let named: Vec<(Option<BuildId>, String)> = named.collect::<Result<_, ApiError>>()?;
        let ids: Vec<BuildId> = named.iter().filter_map(|(id, _)| id.clone()).collect();
        let found = context.service.build_details(&ids).await.map_err(failure)?;
        let there: HashSet<&BuildId> = found.iter().map(|detail| &detail.job.id).collect();
        let missing = named.iter().filter(|(id, _)| id.as_ref().is_none_or(|id| !there.contains(id)));
        let builds_not_found = missing.map(|(_, text)| text.clone()).collect();
        Ok(Output { builds: found.iter().map(build_view).collect(), builds_not_found })
    }
}
