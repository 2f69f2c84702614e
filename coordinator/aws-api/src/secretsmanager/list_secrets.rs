//! ListSecrets: secrets without their values, filtered, sorted, in pages.

use super::failure::{bad_token, failure};
use super::secret::{Description, stages};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation, page_token, read_page_token};
use buildyard_service::stored_secrets::{SecretFilter, SecretOrder, SecretPlace, SecretQuery, SortSecretsBy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) struct ListSecrets;

/// At once, and by default.
const MOST: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    include_planned_deletion: Option<bool>,
    max_results: Option<usize>,
    next_token: Option<String>,
    filters: Option<Vec<Filter>>,
    sort_order: Option<SecretOrder>,
    sort_by: Option<SortSecretsBy>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    #[serde(default)]
    key: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    secret_list: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(flatten)]
    description: Description,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secret_versions_to_stages: BTreeMap<String, Vec<String>>,
}

impl Operation<Context> for ListSecrets {
    const NAME: &'static str = "ListSecrets";
    type Input = Input;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let filters = input.filters.unwrap_or_default().into_iter();
        let query = SecretQuery {
            filters: filters.map(|filter| SecretFilter { key: filter.key, values: filter.values }).collect(),
            with_deleted: input.include_planned_deletion.unwrap_or_default(),
            sort_by: input.sort_by.unwrap_or_default(),
            order: input.sort_order.unwrap_or_default(),
        };
        let question = format!("{} {query:?}", Self::NAME);
        let place = |token: String| read_page_token::<SecretPlace>(&question, &token).ok_or_else(bad_token);
        let after = input.next_token.map(place).transpose()?;
        let limit = input.max_results.unwrap_or(MOST).clamp(1, MOST);
        let (found, next) = context.service.safe().secrets(&query, after.as_ref(), limit).await.map_err(failure)?;
        let entry =
            |record| Entry { description: Description::of(context, record), secret_versions_to_stages: stages(record) };
        Ok(Output {
            secret_list: found.iter().map(entry).collect(),
            next_token: next.map(|next| page_token(&question, &next)),
        })
    }
}
