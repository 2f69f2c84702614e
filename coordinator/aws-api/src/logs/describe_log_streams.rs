//! DescribeLogStreams: the logs of a group, by name or by the time of their last event.

use super::arn;
use super::failure::{bad_token, failure, invalid, no_group};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation, page_token, read_page_token};
use buildyard_service::{LogStream, StreamOrder, StreamQuery};
use serde::{Deserialize, Serialize};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    log_streams: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    log_stream_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<i64>,
    arn: String,
    stored_bytes: u64,
}

fn shown(context: &Context, group: &str, stream: LogStream) -> Shown {
    let last = stream.span.map(|(_, last)| last.0);
    Shown {
        creation_time: stream.created.0,
        first_event_timestamp: stream.span.map(|(first, _)| first.0),
        last_event_timestamp: last,
        last_ingestion_time: last,
        arn: arn::stream(context, group, &stream.name),
        stored_bytes: stream.bytes,
        log_stream_name: stream.name,
    }
}

#[derive(Debug)]
pub(super) struct DescribeLogStreams;

impl Operation<Context> for DescribeLogStreams {
    const NAME: &'static str = "DescribeLogStreams";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        arn::permitted(context, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())
    }

    async fn call(context: &Context, _: &Caller, input: Input) -> Result<Output, ApiError> {
        let group = arn::named(context, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        let order = match input.order_by.as_deref() {
            None | Some("LogStreamName") => StreamOrder::Name,
            Some("LastEventTime") => StreamOrder::LastEvent,
            Some(other) => return Err(invalid(format!("orderBy is LogStreamName or LastEventTime, not {other}"))),
        };
        let prefix = input.log_stream_name_prefix.unwrap_or_default();
        if order == StreamOrder::LastEvent && !prefix.is_empty() {
            return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
        }
        let descending = input.descending.unwrap_or(false);
        let question = format!("DescribeLogStreams {group} {prefix} {order:?} {descending}");
        let after = match &input.next_token {
            Some(token) => Some(read_page_token(&question, token).ok_or_else(bad_token)?),
            None => None,
        };
        context.service.log_group(&group).await.map_err(failure)?.ok_or_else(no_group)?;
        let limit = input.limit.unwrap_or(PAGE).clamp(1, PAGE);
        // One more shows whether there is another page.
        let query = StreamQuery { prefix, order, descending, after, limit: limit + 1 };
        let mut streams = context.service.log_streams(&group, &query).await.map_err(failure)?;
        let more = streams.len() > limit;
        streams.truncate(limit);
        let next_token = streams.last().filter(|_| more).map(|last| page_token(&question, &last.place()));
        let log_streams = streams.into_iter().map(|stream| shown(context, &group, stream)).collect();
        Ok(Output { log_streams, next_token })
    }
}
