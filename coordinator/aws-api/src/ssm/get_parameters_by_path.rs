//! GetParametersByPath: what lies below a path, in pages. Whoever may read a path may read all below it, as in SSM.

use super::failure::{bad_token, failure};
use super::parameter::Parameter;
use super::resource::parameter_arn;
use super::string_filter::StringFilter;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation, page_token, read_page_token};
use buildyard_service::parameters::ByPath;
use serde::{Deserialize, Serialize};

pub(super) struct GetParametersByPath;

/// At once, and by default.
const MOST: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    path: String,
    recursive: Option<bool>,
    parameter_filters: Option<Vec<StringFilter>>,
    with_decryption: Option<bool>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation<Context> for GetParametersByPath {
    const NAME: &'static str = "GetParametersByPath";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![parameter_arn(context, &input.path)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let query = ByPath {
            path: input.path,
            recursive: input.recursive.unwrap_or_default(),
            filters: StringFilter::all(input.parameter_filters),
            decrypt: input.with_decryption.unwrap_or_default(),
        };
        let question = format!("{} {} {} {:?}", Self::NAME, query.path, query.recursive, query.filters);
        let after = input.next_token.map(|token| read_page_token::<String>(&question, &token).ok_or_else(bad_token));
        let after = after.transpose()?;
        let limit = input.max_results.unwrap_or(MOST).clamp(1, MOST);
        let safe = context.service.safe();
        let page = safe.parameters_by_path(&query, after.as_deref(), limit).await.map_err(failure)?;
        Ok(Output {
            parameters: page.items.into_iter().map(|found| Parameter::of(context, found)).collect(),
            next_token: page.next.map(|next| page_token(&question, &next)),
        })
    }
}
