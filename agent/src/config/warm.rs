//! `[warm]`: containers that are started before their builds come.

use super::{ConfigError, Span};
use serde::Deserialize;
use std::time::Duration;

/// The `[warm]` section.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WarmConfig {
    /// Most containers that wait for a build, and never more than the slots. Default: as many as slots; 0 keeps none.
    pub limit: Option<u32>,
    /// Images that were not asked for so long have none any more.
    pub idle: Span,
    /// Images that are pulled when the agent starts and looked for once an hour, and that always have one waiting for a
    /// build of the smallest compute type, as far as `limit` allows.
    pub images: Vec<String>,
}

impl Default for WarmConfig {
    fn default() -> Self {
        Self { limit: None, idle: Span(Duration::from_secs(600)), images: Vec::new() }
    }
}

impl WarmConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.idle.0 < Duration::from_secs(1) {
            return Err(ConfigError::invalid("warm.idle", "must be at least 1s"));
        }
        if self.images.iter().any(|image| image.trim().is_empty()) {
            return Err(ConfigError::invalid("warm.images", "holds an empty name"));
        }
        Ok(())
    }

    /// Most that are kept by an agent with so many slots.
    pub(crate) fn most(&self, slots: u32) -> usize {
        usize::try_from(self.limit.unwrap_or(slots).min(slots)).unwrap_or(usize::MAX)
    }
}
