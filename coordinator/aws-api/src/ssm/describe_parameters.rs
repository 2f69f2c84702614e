//! DescribeParameters: parameters without their values, in pages.

use super::failure::{bad_token, failure};
use super::resource::parameter_arn;
use super::string_filter::{OldFilter, StringFilter};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation, page_token, read_page_token};
use buildyard_model::Epoch;
use buildyard_service::parameters;
use serde::{Deserialize, Serialize};

pub(super) struct DescribeParameters;

/// At once, and by default.
const MOST: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    filters: Option<Vec<OldFilter>>,
    parameter_filters: Option<Vec<StringFilter>>,
    max_results: Option<usize>,
    next_token: Option<String>,
    shared: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    parameters: Vec<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    name: String,
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    last_modified_date: Epoch,
    last_modified_user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_pattern: Option<String>,
    version: u64,
    tier: &'static str,
    /// Never any.
    policies: [(); 0],
    data_type: String,
}

impl Operation<Context> for DescribeParameters {
    const NAME: &'static str = "DescribeParameters";
    type Input = Input;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        if input.filters.is_some() && input.parameter_filters.is_some() {
            let message = "Filters and ParameterFilters can't be used together";
            return Err(ApiError::new("ValidationException", message));
        }
        // Nobody shares parameters with this account.
        if input.shared == Some(true) {
            return Ok(Output { parameters: Vec::new(), next_token: None });
        }
        let filters = match input.filters {
            Some(old) => OldFilter::all(Some(old)),
            None => StringFilter::all(input.parameter_filters),
        };
        let question = format!("{} {filters:?}", Self::NAME);
        let after = input.next_token.map(|token| read_page_token::<String>(&question, &token).ok_or_else(bad_token));
        let after = after.transpose()?;
        let limit = input.max_results.unwrap_or(MOST).clamp(1, MOST);
        let safe = context.service.safe();
        let page = safe.describe_parameters(&filters, after.as_deref(), limit).await.map_err(failure)?;
        Ok(Output {
            parameters: page.items.into_iter().map(|found| metadata(context, found)).collect(),
            next_token: page.next.map(|next| page_token(&question, &next)),
        })
    }
}

fn metadata(context: &Context, found: parameters::ParameterMetadata) -> Metadata {
    Metadata {
        arn: parameter_arn(context, &found.name),
        name: found.name,
        kind: found.kind.name(),
        key_id: found.key_id,
        last_modified_date: Epoch(found.modified_at),
        last_modified_user: found.modified_by,
        description: found.description,
        allowed_pattern: found.allowed_pattern,
        version: found.version,
        tier: found.tier.name(),
        policies: [],
        data_type: found.data_type,
    }
}
