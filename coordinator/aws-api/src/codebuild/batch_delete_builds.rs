//! BatchDeleteBuilds: deletes builds that are over, with their logs. Each is a transaction of its own.

use super::failure::failure;
use super::identifier::{build_id, projects_of};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::BuildId;
use buildyard_service::Deletion;
use serde::{Deserialize, Serialize};

pub(crate) struct BatchDeleteBuilds;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    ids: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    /// ARNs.
    builds_deleted: Vec<String>,
    builds_not_deleted: Vec<BuildNotDeleted>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildNotDeleted {
    /// An ARN; what was given where there is none.
    id: String,
    status_code: &'static str,
}

impl Operation<Context> for BatchDeleteBuilds {
    const NAME: &'static str = "BatchDeleteBuilds";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        projects_of(context, &input.ids)
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        // All names are read first, so that a bad one deletes nothing.
        let named = input.ids.into_iter().map(|text| Ok((build_id(context, &text)?, text)));
        let named: Vec<(Option<BuildId>, String)> = named.collect::<Result<_, ApiError>>()?;
        let mut output = Output::default();
        for (id, text) in named {
            let arn = id.as_ref().map_or(text, |id| context.codebuild_arn(&format!("build/{id}")));
            if output.builds_deleted.contains(&arn) {
                continue;
            }
            let deletion = match &id {
                Some(id) => context.service.delete_build(id).await.map_err(failure)?,
                None => Deletion::Unknown,
            };
            let status_code = match deletion {
                Deletion::Deleted => {
                    output.builds_deleted.push(arn);
                    continue;
                }
                Deletion::InProgress => "BUILD_IN_PROGRESS",
                Deletion::Unknown => "BUILD_NOT_FOUND",
            };
            output.builds_not_deleted.push(BuildNotDeleted { id: arn, status_code });
        }
        Ok(output)
    }
}
