//! UpdateReportGroup: changes where a report group exports to, and its tags.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::ReportGroup;
use buildyard_model::project::Tag;
use buildyard_model::report_group::ReportExportConfig;
use serde::{Deserialize, Serialize};

/// UpdateReportGroup.
pub(super) struct UpdateReportGroup;

/// What is given replaces what was there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    arn: String,
    export_config: Option<ReportExportConfig>,
    tags: Option<Vec<Tag>>,
}

/// The report group as it is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    report_group: ReportGroup,
}

impl Operation<Context> for UpdateReportGroup {
    const NAME: &'static str = "UpdateReportGroup";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        vec![input.arn.clone()]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let (config, tags) = (input.export_config.as_ref(), input.tags.as_deref());
        let report_group = context.service.update_report_group(&input.arn, config, tags).await.map_err(failure)?;
        Ok(Output { report_group })
    }
}
