//! BatchGetReports: reports by ARN. There are none yet, so none is found.

use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

/// BatchGetReports.
pub(super) struct BatchGetReports;

/// ARNs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    report_arns: Vec<String>,
}

/// Nothing, and the ARNs as they came.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    reports: Vec<()>,
    reports_not_found: Vec<String>,
}

impl Operation<Context> for BatchGetReports {
    const NAME: &'static str = "BatchGetReports";
    type Input = Input;
    type Output = Output;

    /// IAM asks for the reports' groups.
    fn resources(context: &Context, input: &Input) -> Vec<String> {
        input.report_arns.iter().map(|arn| context.group_arn_of_report(arn)).collect()
    }

    async fn call(_context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        Ok(Output { reports: Vec::new(), reports_not_found: input.report_arns })
    }
}
