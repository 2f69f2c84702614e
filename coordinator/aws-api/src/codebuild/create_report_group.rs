//! CreateReportGroup: makes a report group (reference 8.1).

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::ReportGroup;
use buildyard_service::ReportGroupRequest;
use serde::Serialize;

/// CreateReportGroup.
pub(super) struct CreateReportGroup;

/// The report group as it is stored.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    report_group: ReportGroup,
}

impl Operation<Context> for CreateReportGroup {
    const NAME: &'static str = "CreateReportGroup";
    type Input = ReportGroupRequest;
    type Output = Output;

    fn resources(context: &Context, input: &ReportGroupRequest) -> Vec<String> {
        vec![context.service.settings().report_group_arn(&input.name)]
    }

    async fn call(context: &Context, _caller: &Caller, input: ReportGroupRequest) -> Result<Output, ApiError> {
        let report_group = context.service.create_report_group(input).await.map_err(failure)?;
        Ok(Output { report_group })
    }
}
