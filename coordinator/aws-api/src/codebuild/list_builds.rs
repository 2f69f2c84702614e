//! ListBuilds: the ids of all builds.

use super::build_page::page;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::{Deserialize, Serialize};

pub(crate) struct ListBuilds;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(default)]
    sort_order: Option<String>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation<Context> for ListBuilds {
    const NAME: &'static str = "ListBuilds";
    type Input = Input;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let (sort_order, token) = (input.sort_order.as_deref(), input.next_token.as_deref());
        let page = page(context, Self::NAME, None, sort_order, token).await?;
        Ok(Output { ids: page.items, next_token: page.next_token })
    }
}
