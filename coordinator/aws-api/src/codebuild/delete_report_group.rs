//! DeleteReportGroup: removes a report group. No group has reports yet, so `deleteReports` changes nothing.

use super::empty::Empty;
use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Deserialize;

/// DeleteReportGroup.
pub(super) struct DeleteReportGroup;

/// Its ARN.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    arn: String,
}

impl Operation<Context> for DeleteReportGroup {
    const NAME: &'static str = "DeleteReportGroup";
    type Input = Input;
    type Output = Empty;

    fn resources(_context: &Context, input: &Input) -> Vec<String> {
        vec![input.arn.clone()]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Empty, ApiError> {
        context.service.delete_report_group(&input.arn).await.map_err(failure)?;
        Ok(Empty {})
    }
}
