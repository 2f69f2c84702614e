//! `[timings]`: the durations of the protocol (defaults: reliability 2.2).

use super::ConfigError;
use buildyard_config::Span;
use buildyard_service::Timings;
use serde::Deserialize;

/// The `[timings]` section. All are spans such as `"30s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimingsConfig {
    /// How often an agent says that it lives.
    pub heartbeat: Span,
    /// Without a sign of life for so long, an agent is lost.
    pub lost_after: Span,
    /// After a start of the coordinator, nobody is lost for so long.
    pub start_grace: Span,
    /// An offer that is not accepted in time goes back to the queue.
    pub accept_within: Span,
    /// A stop that the agent does not confirm in time is final anyway.
    pub stop_within: Span,
    /// What a build gets between SIGTERM and SIGKILL.
    pub stop_grace: Span,
    /// An agent without contact kills its builds after so long.
    pub offline_limit: Span,
}

impl Default for TimingsConfig {
    fn default() -> Self {
        let timings = Timings::default();
        Self {
            heartbeat: Span(timings.heartbeat),
            lost_after: Span(timings.lost_after),
            start_grace: Span(timings.start_grace),
            accept_within: Span(timings.accept_within),
            stop_within: Span(timings.stop_within),
            stop_grace: Span(timings.stop_grace),
            offline_limit: Span(timings.offline_limit),
        }
    }
}

impl TimingsConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.heartbeat.0.is_zero() {
            return Err(ConfigError::invalid("timings.heartbeat", "must be longer than nothing"));
        }
        if self.lost_after.0 < self.heartbeat.0 * 2 {
            return Err(ConfigError::invalid("timings.lost_after", "must be at least twice the heartbeat"));
        }
        Ok(())
    }

    pub(crate) fn timings(&self) -> Timings {
        Timings {
            heartbeat: self.heartbeat.0,
            lost_after: self.lost_after.0,
            start_grace: self.start_grace.0,
            accept_within: self.accept_within.0,
            stop_within: self.stop_within.0,
            stop_grace: self.stop_grace.0,
            offline_limit: self.offline_limit.0,
            ..Timings::default()
        }
    }
}
