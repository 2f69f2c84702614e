//! BatchGetReportGroups: up to 100 report groups by ARN (reference 12.1).

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::ReportGroup;
use serde::{Deserialize, Serialize};

/// BatchGetReportGroups.
pub(super) struct BatchGetReportGroups;

/// ARNs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    report_group_arns: Vec<String>,
}

/// Those that there are, and the ARNs of those that there are not.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    report_groups: Vec<ReportGroup>,
    report_groups_not_found: Vec<String>,
}

impl Operation<Context> for BatchGetReportGroups {
    const NAME: &'static str = "BatchGetReportGroups";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        input.report_group_arns.clone()
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let mut output = Output::default();
        for arn in input.report_group_arns {
            match context.service.report_group(&arn).await.map_err(failure)? {
                Some(group) => output.report_groups.push(group),
                None => output.report_groups_not_found.push(arn),
            }
        }
        Ok(output)
    }
}
