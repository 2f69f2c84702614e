//! GetLogEvents: the events of one build's log, page by page in either direction; how most tools follow a build.

use super::arn;
use super::failure::{bad_token, failure, no_group, no_stream};
use super::token::{self, Direction, Place};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Timestamp;
use buildyard_service::{BuildLog, EventLimits, EventPage, LogEvent};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Events of a page (CloudWatch Logs, "GetLogEvents").
const PAGE: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<usize>,
    start_from_head: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    events: Vec<Shown>,
    next_forward_token: String,
    next_backward_token: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    timestamp: i64,
    message: String,
    ingestion_time: i64,
}

impl From<LogEvent> for Shown {
    fn from(event: LogEvent) -> Self {
        let timestamp = event.timestamp.0;
        Self { timestamp, message: event.message, ingestion_time: timestamp }
    }
}

#[derive(Debug)]
pub(super) struct GetLogEvents;

impl Operation<Context> for GetLogEvents {
    const NAME: &'static str = "GetLogEvents";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        let group = arn::named(context, input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        vec![arn::stream(context, &group.unwrap_or_default(), &input.log_stream_name)]
    }

    async fn call(context: &Context, _: &Caller, input: Input) -> Result<Output, ApiError> {
        let group = arn::named(context, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        let Some(log) = context.service.open_log(&group, &input.log_stream_name).await.map_err(failure)? else {
            context.service.log_group(&group).await.map_err(failure)?.ok_or_else(no_group)?;
            return Err(no_stream());
        };
        let page = page(&log, &input).await?;
        let place = |offset| Place { build: log.build.uuid(), epoch: log.epoch, offset };
        Ok(Output {
            next_forward_token: place(page.end).token(Direction::Forward),
            next_backward_token: place(page.begin).token(Direction::Backward),
            events: page.events.into_iter().map(Shown::from).collect(),
        })
    }
}

async fn page(log: &BuildLog, input: &Input) -> Result<EventPage, ApiError> {
    let times: Range<i64> = input.start_time.unwrap_or(i64::MIN)..input.end_time.unwrap_or(i64::MAX);
    let limits = EventLimits::page(input.limit.unwrap_or(PAGE).clamp(1, PAGE));
    let read = async {
        match &input.next_token {
            Some(given) => {
                let Some((direction, place)) = token::read(given, log.build.uuid()) else { return Ok(None) };
                // The log of an earlier grant is not shown any more: whoever read it begins anew.
                let ours = place.epoch == log.epoch;
                match direction {
                    Direction::Forward => log.forward(if ours { place.offset } else { 0 }, &times, limits).await,
                    Direction::Backward => {
                        log.backward(if ours { place.offset } else { u64::MAX }, &times, limits).await
                    }
                }
            }
            None if input.start_from_head.unwrap_or(false) => {
                let from = match input.start_time {
                    Some(start) if start > 0 => log.place_at(Timestamp(start)).await?,
                    _ => 0,
                };
                log.forward(from, &times, limits).await
            }
            None => {
                let before = match input.end_time {
                    Some(end) => log.place_at(Timestamp(end)).await?,
                    None => u64::MAX,
                };
                log.backward(before, &times, limits).await
            }
        }
        .map(Some)
    };
    read.await.map_err(failure)?.ok_or_else(bad_token)
}
