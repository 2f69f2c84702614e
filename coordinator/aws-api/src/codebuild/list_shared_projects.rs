//! ListSharedProjects: the projects that other accounts share. There are none: a fleet has one account.

use super::listing::nothing;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// ListSharedProjects.
pub(super) struct ListSharedProjects;

/// How a list without entries is ordered says nothing, so only the token counts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    next_token: Option<String>,
}

/// ARNs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    projects: Vec<String>,
}

impl Operation<Context> for ListSharedProjects {
    const NAME: &'static str = "ListSharedProjects";
    type Input = Input;
    type Output = Output;

    async fn call(_context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        Ok(Output { projects: nothing(input.next_token.as_deref())? })
    }
}
