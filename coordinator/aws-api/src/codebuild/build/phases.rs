//! CodeBuild's `BuildPhase`. Durations are whole seconds, rounded down (reference 2.1).

use buildyard_model::{Epoch, Phase, PhaseContext, PhaseRecord, PhaseStatus};
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BuildPhase {
    phase_type: Phase,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase_status: Option<PhaseStatus>,
    start_time: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contexts: Vec<PhaseContext>,
}

pub(super) fn phase(record: &PhaseRecord) -> BuildPhase {
    BuildPhase {
        phase_type: record.phase_type,
        phase_status: record.phase_status,
        start_time: Epoch(record.start_time),
        end_time: record.end_time.map(Epoch),
        duration_in_seconds: record.end_time.map(|end| end.since(record.start_time).as_secs()),
        contexts: record.contexts.clone(),
    }
}
