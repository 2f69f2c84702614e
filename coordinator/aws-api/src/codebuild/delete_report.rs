//! DeleteReport: removes a report. There are none yet, and removing one that is not there is no error.

use super::empty::Empty;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Deserialize;

/// DeleteReport.
pub(super) struct DeleteReport;

/// Its ARN.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    arn: String,
}

impl Operation<Context> for DeleteReport {
    const NAME: &'static str = "DeleteReport";
    type Input = Input;
    type Output = Empty;

    /// IAM asks for the report's group.
    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![context.group_arn_of_report(&input.arn)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Empty, ApiError> {
        match context.service.settings().group_of_report(&input.arn) {
            Some(_) => Ok(Empty {}),
            None => Err(ApiError::new(
                "InvalidInputException",
                format!("{:?} is not the ARN of a report of this account and region", input.arn),
            )),
        }
    }
}
