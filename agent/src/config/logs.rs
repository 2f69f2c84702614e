//! `[logs]`: how much of a build's log is kept. The limit is the agent's, because the log lies on its disk first; what
//! never gets there does not reach storage either.

use super::{ByteSize, ConfigError};
use serde::Deserialize;

/// Less would cut what the build's phases print themselves.
const SMALLEST: ByteSize = ByteSize::bytes(64 << 10);

/// The `[logs]` section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogsConfig {
    /// Where a build's log ends with a line that says so, while the build goes on.
    pub limit: ByteSize,
}

impl Default for LogsConfig {
    fn default() -> Self {
        Self { limit: ByteSize::gib(2) }
    }
}

impl LogsConfig {
    pub(super) fn check(self) -> Result<(), ConfigError> {
        if self.limit < SMALLEST {
            return Err(ConfigError::invalid("logs.limit", &format!("must be at least \"{SMALLEST}\"")));
        }
        Ok(())
    }
}
