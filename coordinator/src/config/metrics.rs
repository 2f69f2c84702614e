//! `[metrics]`: the page that Prometheus reads. Off unless an address is given.

use serde::Deserialize;
use std::net::SocketAddr;

/// The `[metrics]` section.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Where `GET /metrics` answers whoever reaches it, without a password.
    pub listen: Option<SocketAddr>,
}
