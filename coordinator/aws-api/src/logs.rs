//! CloudWatch Logs, as far as builds' logs need it: groups, streams and events are read, nothing is written. One
//! operation in a file, one line for it here.

mod arn;
mod describe_log_groups;
mod describe_log_streams;
mod failure;
mod filter_log_events;
mod get_log_events;
mod pattern;
#[cfg(test)]
mod tests;
mod token;

use crate::context::Context;
use crate::shapes;
use buildyard_aws_protocol::Api;

/// The service.
pub fn api() -> Api<Context> {
    Api::new("logs", "Logs_20140328")
        .with_shapes(&shapes::LOGS, "InvalidParameterException")
        .with::<describe_log_groups::DescribeLogGroups>()
        .with::<describe_log_streams::DescribeLogStreams>()
        .with::<filter_log_events::FilterLogEvents>()
        .with::<get_log_events::GetLogEvents>()
}
