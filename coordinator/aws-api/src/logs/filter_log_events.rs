//! FilterLogEvents: the events of a group's logs together, by time; what `aws logs tail` asks.

use super::failure::{bad_token, failure, invalid, no_group, no_stream};
use super::pattern::Pattern;
use super::{arn, token};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation, page_token, read_page_token};
use buildyard_service::{FoundEvent, Search};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Events of a page (CloudWatch Logs, "FilterLogEvents").
const PAGE: usize = 10_000;
/// 2024-01-01T00:00:00Z in milliseconds: whoever wants the newest events first cannot begin before (the same).
const NEWEST_SINCE: i64 = 1_704_067_200_000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<BTreeSet<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
    start_from_head: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    events: Vec<Shown>,
    /// Always empty since 2019 (CloudWatch Logs, "FilterLogEvents").
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    log_stream_name: String,
    timestamp: i64,
    message: String,
    ingestion_time: i64,
    event_id: String,
}

impl From<FoundEvent> for Shown {
    fn from(found: FoundEvent) -> Self {
        let place = token::Place { build: found.build.uuid(), epoch: found.epoch, offset: found.event.offset };
        Self {
            log_stream_name: found.stream,
            timestamp: found.event.timestamp.0,
            message: found.event.message,
            ingestion_time: found.event.timestamp.0,
            event_id: place.digits(),
        }
    }
}

#[derive(Debug)]
pub(super) struct FilterLogEvents;

impl Operation<Context> for FilterLogEvents {
    const NAME: &'static str = "FilterLogEvents";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        arn::permitted(context, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())
    }

    async fn call(context: &Context, _: &Caller, input: Input) -> Result<Output, ApiError> {
        let group = arn::named(context, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
            return Err(invalid("logStreamNames and logStreamNamePrefix cannot be given together."));
        }
        let text = input.filter_pattern.as_deref().unwrap_or_default();
        let pattern = Pattern::parse(text).map_err(|problem| invalid(format!("Invalid filter pattern: {problem}")))?;
        let names = input.log_stream_names.as_ref();
        let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
        let question = format!("FilterLogEvents {group} {names:?} {prefix} {text}");
        let newest_question = format!("newest {question}");
        // A token goes on in its own direction, whatever the request says.
        let (newest_first, from) = match &input.next_token {
            Some(token) => match read_page_token(&question, token) {
                Some(place) => (false, Some(place)),
                None => (true, Some(read_page_token(&newest_question, token).ok_or_else(bad_token)?)),
            },
            None => (input.start_from_head == Some(false), None),
        };
        if newest_first && input.start_time.is_some_and(|time| time < NEWEST_SINCE) {
            return Err(invalid("startFromHead can be false only with a startTime on or after 2024-01-01T00:00:00Z."));
        }
        context.service.log_group(&group).await.map_err(failure)?.ok_or_else(no_group)?;
        for name in names.into_iter().flatten() {
            context.service.open_log(&group, name).await.map_err(failure)?.ok_or_else(no_stream)?;
        }
        let search = Search {
            group: &group,
            streams: &|name| names.is_none_or(|names| names.contains(name)) && name.starts_with(prefix),
            matches: &|message| pattern.matches(message),
            times: (input.start_time.unwrap_or(0), input.end_time.unwrap_or(i64::MAX)),
            from,
            newest_first,
            limit: input.limit.unwrap_or(PAGE).clamp(1, PAGE),
        };
        let found = context.service.search_logs(&search).await.map_err(failure)?;
        Ok(Output {
            events: found.events.into_iter().map(Shown::from).collect(),
            searched_log_streams: [],
            next_token: found
                .next
                .map(|next| page_token(if newest_first { &newest_question } else { &question }, &next)),
        })
    }
}
