//! `[records]`: where builds and agents are remembered.

use serde::Deserialize;

/// The kinds of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordsKind {
    /// A database file in the data directory.
    #[default]
    Sqlite,
    /// Nowhere: everything is forgotten at the end. For `buildyard run` and tests.
    Memory,
}

/// The `[records]` section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordsConfig {
    pub kind: RecordsKind,
}
