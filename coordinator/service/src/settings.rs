//! What the owner of the fleet decides about it, as far as the service must know.

use crate::Prices;
use std::time::Duration;

/// Durations of the protocol (reliability 2.2).
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// How often an agent says that it lives.
    pub heartbeat: Duration,
    /// Without a sign of life for so long, an agent is lost.
    pub lost_after: Duration,
    /// After a start of the coordinator, nobody is lost for so long.
    pub start_grace: Duration,
    /// An offer that is not accepted in time goes back to the queue.
    pub accept_within: Duration,
    /// A stop that the agent does not confirm in time is final anyway.
    pub stop_within: Duration,
    /// What a build gets between SIGTERM and SIGKILL.
    pub stop_grace: Duration,
    /// An agent without contact kills its builds after so long.
    pub offline_limit: Duration,
    /// How long a presigned URL is good for.
    pub presigned: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(5),
            lost_after: Duration::from_secs(30),
            start_grace: Duration::from_secs(60),
            accept_within: Duration::from_secs(15),
            stop_within: Duration::from_secs(15),
            stop_grace: Duration::from_secs(5),
            offline_limit: Duration::from_secs(600),
            presigned: Duration::from_secs(3600),
        }
    }
}

/// How long is kept what a build leaves in the system bucket, counted from the build's end. None: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Logs. CloudWatch's default, too, is never to expire.
    pub logs: Option<Duration>,
    /// Sources that clients uploaded. A build whose source is gone cannot be run again.
    pub sources: Option<Duration>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { logs: None, sources: Some(Duration::from_secs(7 * 24 * 3600)) }
    }
}

/// The service's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For ARNs and `AWS_REGION`.
    pub region: String,
    /// Of a minute of build time.
    pub prices: Prices,
    /// For ARNs: twelve digits.
    pub account: String,
    /// How clients reach the HTTP door, for URLs that are given to them: `http://host:port`, without a slash at its end.
    pub endpoint_url: String,
    /// Where artifacts go when a build names no bucket.
    pub artifact_bucket: String,
    /// Where logs, uploaded sources and records of uploads are kept.
    pub system_bucket: String,
    /// SHA-256 (hex) of the token that admits agents.
    pub join_token_sha256: String,
    /// SHA-256 (hex) of the tokens that clients may use.
    pub client_tokens_sha256: Vec<String>,
    pub timings: Timings,
    pub retention: Retention,
}
