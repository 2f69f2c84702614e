//! `[gc]`: what is kept on the disk for later builds. Nothing that is in use is ever removed; below `disk_floor` all of
//! the rest may be.

use super::{ByteSize, Span};
use serde::Deserialize;
use std::time::Duration;

/// The `[gc]` section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GcConfig {
    /// Images that this agent pulled may take so much. Those that somebody else brought here are never removed.
    pub images: ByteSize,
    /// Those of them that no build asked for so long go.
    pub image_age: Span,
    /// Mirrors of git repositories may take so much; the ones used longest ago go first.
    pub sources: ByteSize,
    /// Those that no build fetched from for so long go.
    pub source_age: Span,
}

impl Default for GcConfig {
    fn default() -> Self {
        let days = |days: u64| Span(Duration::from_secs(days * 86_400));
        Self { images: ByteSize::gib(20), image_age: days(7), sources: ByteSize::gib(20), source_age: days(30) }
    }
}
