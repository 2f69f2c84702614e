//! ListFleets: the ARNs of all fleets, in pages (reference 12.2).

use super::failure::failure;
use super::listing::Listing;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Serialize;

/// ListFleets.
pub(super) struct ListFleets;

/// ARNs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    fleets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation<Context> for ListFleets {
    const NAME: &'static str = "ListFleets";
    type Input = Listing;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, input: Listing) -> Result<Output, ApiError> {
        let all = context.service.list_fleets(input.sort()).await.map_err(failure)?;
        let page = input.page(Self::NAME, all)?;
        let mut fleets = Vec::with_capacity(page.items.len());
        for name in page.items {
            // One that went meanwhile is not listed.
            fleets.extend(context.service.fleet(&name).await.map_err(failure)?.map(|fleet| fleet.arn));
        }
        Ok(Output { fleets, next_token: page.next_token })
    }
}
