//! ListReportsForReportGroup: the ARNs of a group's reports. There are none yet.

use super::failure::failure;
use super::listing::nothing;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// ListReportsForReportGroup.
pub(super) struct ListReportsForReportGroup;

/// The group's ARN.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    report_group_arn: String,
    next_token: Option<String>,
}

/// ARNs.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    reports: Vec<String>,
}

impl Operation<Context> for ListReportsForReportGroup {
    const NAME: &'static str = "ListReportsForReportGroup";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        vec![input.report_group_arn.clone()]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        context.service.need_report_group(&input.report_group_arn).await.map_err(failure)?;
        Ok(Output { reports: nothing(input.next_token.as_deref())? })
    }
}
