//! What a build tells the coordinator, as values: a snapshot of how far it is, and its result.

use buildyard_model::{ArtifactRecord, Outcome, PhaseRecord};
use buildyard_proto::{convert, v1};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How far a build is. Whole each time: a later snapshot replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Snapshot {
    /// From PROVISIONING on, in order.
    pub phases: Vec<PhaseRecord>,
    /// Whether a command of the user may have begun.
    pub commands_started: bool,
    /// The image by digest, once known.
    pub image_digest: Option<String>,
    /// The commit, once known.
    pub resolved_source_version: Option<String>,
}

/// How a build ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Finished {
    pub outcome: Outcome,
    /// The final records from PROVISIONING on.
    pub phases: Vec<PhaseRecord>,
    /// Bytes of the log that storage holds or will hold.
    pub log_bytes: u64,
    #[serde(default)]
    pub exported: Vec<(String, String)>,
    #[serde(default)]
    pub artifacts: Vec<ArtifactRecord>,
    /// What went wrong, when the phases do not say it.
    #[serde(default)]
    pub reason: String,
    /// How many more tries the failing phase's `on-failure` asks for.
    #[serde(default)]
    pub retry_limit: u32,
}

impl Finished {
    /// A build that ended before anything of it began.
    pub(crate) fn before_start(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self {
            outcome,
            phases: Vec::new(),
            log_bytes: 0,
            exported: Vec::new(),
            artifacts: Vec::new(),
            reason: reason.into(),
            retry_limit: 0,
        }
    }

    /// The wire form.
    pub(crate) fn message(&self, lease: v1::Lease) -> v1::Finished {
        v1::Finished {
            lease: Some(lease),
            outcome: self.outcome.to_string(),
            phases: documents(&self.phases),
            log_bytes: self.log_bytes,
            exported: self
                .exported
                .iter()
                .map(|(name, value)| v1::Variable { name: name.clone(), value: value.clone() })
                .collect(),
            artifacts: documents(&self.artifacts),
            reason: self.reason.clone(),
            retry_limit: self.retry_limit,
        }
    }
}

impl Snapshot {
    /// The wire form.
    pub(crate) fn message(&self, lease: v1::Lease) -> v1::Progress {
        v1::Progress {
            lease: Some(lease),
            phases: documents(&self.phases),
            commands_started: self.commands_started,
            image_digest: self.image_digest.clone().unwrap_or_default(),
            resolved_source_version: self.resolved_source_version.clone().unwrap_or_default(),
        }
    }
}

fn documents<T: Serialize>(values: &[T]) -> Vec<Bytes> {
    values.iter().map(|value| convert::document(value).into()).collect()
}
