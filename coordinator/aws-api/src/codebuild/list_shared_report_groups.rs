//! ListSharedReportGroups: the report groups that other accounts share. There are none: a fleet has one account.

use super::listing::nothing;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// ListSharedReportGroups.
pub(super) struct ListSharedReportGroups;

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
    report_groups: Vec<String>,
}

impl Operation<Context> for ListSharedReportGroups {
    const NAME: &'static str = "ListSharedReportGroups";
    type Input = Input;
    type Output = Output;

    async fn call(_context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        Ok(Output { report_groups: nothing(input.next_token.as_deref())? })
    }
}
