//! Documents that the door answers with.

use buildyard_model::{
    AgentView, ArtifactRecord, BuildStatus, BuildView, Packaging, Phase, PhaseRecord, PhaseStatus, Timestamp, WhyView,
};
use serde_json::json;

pub(crate) const ID: &str = "app:00000000-0000-0000-0000-000000000007";

const START: i64 = 1_767_323_045_000;

/// A build whose last phase runs.
pub(crate) fn running(current: Phase) -> BuildView {
    let phases: Vec<_> = Phase::ALL
        .into_iter()
        .filter(|phase| *phase <= current)
        .map(|phase| record(phase, (phase != current).then_some(PhaseStatus::Succeeded)))
        .collect();
    serde_json::from_value(json!({
        "id": ID, "arn": "arn:aws:codebuild:us-east-1:000000000000:build/x", "project": "app", "buildNumber": 1,
        "initiator": "cli", "buildStatus": "IN_PROGRESS", "buildComplete": false, "currentPhase": current,
        "startTime": START, "phases": phases, "source": {"type": "NO_SOURCE"}, "image": "i:1", "attempt": 1
    }))
    .unwrap()
}

/// A build that is over.
pub(crate) fn finished(status: BuildStatus, last: PhaseStatus) -> BuildView {
    let mut view = running(Phase::Build);
    view.phases.pop();
    view.phases.push(record(Phase::Build, Some(last)));
    view.phases.push(record(Phase::Completed, None));
    view.build_status = status;
    view.build_complete = true;
    view.current_phase = Phase::Completed;
    view.end_time = Some(Timestamp(START + 7000));
    view
}

/// A build that is over and left two files.
pub(crate) fn with_artifacts() -> BuildView {
    let mut view = finished(BuildStatus::Succeeded, PhaseStatus::Succeeded);
    view.artifacts.push(ArtifactRecord {
        artifact_identifier: None,
        bucket: "artifacts".into(),
        key: "app".into(),
        packaging: Packaging::None,
        files: 2,
        size_bytes: 11,
        sha256sum: String::new(),
        md5sum: String::new(),
    });
    view
}

/// Why the build waits.
pub(crate) fn why() -> WhyView {
    serde_json::from_value(json!({
        "build": ID, "buildStatus": "IN_PROGRESS", "currentPhase": "QUEUED", "waits": true, "since": START,
        "text": "agent host-1 is full", "reasons": [{"type": "FULL", "agents": ["host-1"], "more": 0}],
        "unblocks": ["another agent"]
    }))
    .unwrap()
}

/// An agent.
pub(crate) fn agent(name: &str, status: &str) -> AgentView {
    serde_json::from_value(json!({
        "name": name, "status": status, "version": "0.1.0", "builds": [], "lastSeen": START,
        "capacity": {"slots": 2, "resources": {"vcpu": 2, "memory_mib": 4096}, "architecture": "x86_64",
                     "executor": "docker"}
    }))
    .unwrap()
}

fn record(phase: Phase, status: Option<PhaseStatus>) -> PhaseRecord {
    let mut record = PhaseRecord::begun(phase, Timestamp(START));
    record.phase_status = status;
    record.end_time = status.map(|_| Timestamp(START + 1000));
    record
}
