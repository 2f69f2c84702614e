//! ListReportGroups: the ARNs of all report groups, in pages (reference 12.2).

use super::failure::failure;
use super::listing::Listing;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Serialize;

/// ListReportGroups.
pub(super) struct ListReportGroups;

/// ARNs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    report_groups: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation<Context> for ListReportGroups {
    const NAME: &'static str = "ListReportGroups";
    type Input = Listing;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, input: Listing) -> Result<Output, ApiError> {
        let all = context.service.list_report_groups(input.sort()).await.map_err(failure)?;
        let page = input.page(Self::NAME, all)?;
        let settings = context.service.settings();
        let report_groups = page.items.iter().map(|name| settings.report_group_arn(name)).collect();
        Ok(Output { report_groups, next_token: page.next_token })
    }
}
