//! ListReports: the ARNs of all reports. There are none yet.

use super::listing::nothing;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// ListReports.
pub(super) struct ListReports;

/// How a list without entries is ordered and filtered says nothing, so only the token counts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    next_token: Option<String>,
}

/// ARNs.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    reports: Vec<String>,
}

impl Operation<Context> for ListReports {
    const NAME: &'static str = "ListReports";
    type Input = Input;
    type Output = Output;

    async fn call(_context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        Ok(Output { reports: nothing(input.next_token.as_deref())? })
    }
}
