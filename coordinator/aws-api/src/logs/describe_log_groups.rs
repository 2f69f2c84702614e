//! DescribeLogGroups: the groups in which builds' logs are, by name.

use super::arn;
use super::failure::{bad_token, failure, invalid, no_group};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation, page_token, read_page_token};
use buildyard_service::LogGroup;
use serde::{Deserialize, Serialize};

const PAGE: usize = 50;
/// Groups looked at for one page.
const LOOK_AT: u32 = 1000;
const CLASS: &str = "STANDARD";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Input {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_identifiers: Option<Vec<String>>,
    log_group_class: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    log_groups: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    log_group_name: String,
    creation_time: i64,
    metric_filter_count: u32,
    arn: String,
    log_group_class: &'static str,
    log_group_arn: String,
}

fn shown(context: &Context, group: LogGroup) -> Shown {
    let log_group_arn = arn::group(context, &group.name);
    Shown {
        creation_time: group.created.0,
        metric_filter_count: 0,
        arn: format!("{log_group_arn}:*"),
        log_group_class: CLASS,
        log_group_name: group.name,
        log_group_arn,
    }
}

#[derive(Debug)]
pub(super) struct DescribeLogGroups;

impl Operation<Context> for DescribeLogGroups {
    const NAME: &'static str = "DescribeLogGroups";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, _: &Input) -> Vec<String> {
        vec![arn::stream(context, "", "")]
    }

    async fn call(context: &Context, _: &Caller, input: Input) -> Result<Output, ApiError> {
        let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
        let pattern = input.log_group_name_pattern.as_deref().unwrap_or_default();
        if !prefix.is_empty() && !pattern.is_empty() {
            return Err(invalid("logGroupNamePrefix and logGroupNamePattern cannot be given together."));
        }
        if let Some(identifiers) = &input.log_group_identifiers {
            return identified(context, identifiers).await;
        }
        let question = format!("DescribeLogGroups {prefix} {pattern}");
        let mut after = match &input.next_token {
            Some(token) => read_page_token::<String>(&question, token).ok_or_else(bad_token)?,
            None => String::new(),
        };
        let limit = input.limit.unwrap_or(PAGE).clamp(1, PAGE);
        let mut log_groups = Vec::new();
        if input.log_group_class.is_some_and(|class| class != CLASS) {
            return Ok(Output { log_groups, next_token: None });
        }
        let found = context.service.log_groups(prefix, &after, LOOK_AT).await.map_err(failure)?;
        let mut more = found.len() == LOOK_AT as usize;
        for group in found {
            if log_groups.len() == limit {
                more = true;
                break;
            }
            after.clone_from(&group.name);
            if group.name.contains(pattern) {
                log_groups.push(shown(context, group));
            }
        }
        Ok(Output { log_groups, next_token: more.then(|| page_token(&question, &after)) })
    }
}

async fn identified(context: &Context, identifiers: &[String]) -> Result<Output, ApiError> {
    let mut log_groups = Vec::new();
    for identifier in identifiers.iter().take(PAGE) {
        let name = arn::identified(context, identifier)?;
        let group = context.service.log_group(&name).await.map_err(failure)?.ok_or_else(no_group)?;
        log_groups.push(shown(context, group));
    }
    Ok(Output { log_groups, next_token: None })
}
