//! How much and how long a client may take.

use std::time::Duration;

/// Limits of the door. The defaults suit a team's network; tests take shorter times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; further ones wait to be accepted.
    pub connections: usize,
    /// Connections of one peer; further ones are turned away with 503.
    pub connections_per_peer: usize,
    /// For a request's head to arrive, and for the next request on an idle connection.
    pub head_timeout: Duration,
    /// Without one byte of a body arriving, or of an answer being taken.
    pub stall_timeout: Duration,
    /// For requests in flight to end, once the door shuts.
    pub drain_timeout: Duration,
    /// A request's line and headers, in bytes, give or take a read. Presigned URLs of long keys take up to 5 KiB.
    pub head_max_bytes: usize,
    /// Headers of a request.
    pub headers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_peer: 256,
            head_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_mins(1),
            drain_timeout: Duration::from_secs(30),
            head_max_bytes: 64 * 1024,
            headers_max: 100,
        }
    }
}
