//! Documents that tests of several files need: a build that went well, an agent that is there.

use buildyard_model::{
    AgentStatus, AgentView, Architecture, ArtifactRecord, BuildId, BuildStatus, BuildView, Capacity, FleetEvent,
    FleetEventKind, Packaging, Phase, PhaseContext, PhaseRecord, PhaseStatus, Resources, Source, SourceKind, Timestamp,
};

/// 2026-01-02T03:04:05Z.
pub(crate) const START: Timestamp = Timestamp(1_767_323_045_000);

/// A build that ended well after 74.8 s.
pub(crate) fn finished_build() -> BuildView {
    let id: BuildId = "redis:00000000-0000-0000-0000-000000000007".parse().unwrap();
    let lasting = [0, 100, 600, 1200, 0, 0, 72_000, 500, 300, 100];
    let mut at = START;
    let mut phases = Vec::new();
    for (phase, millis) in Phase::ALL.into_iter().zip(lasting) {
        let mut record = PhaseRecord::begun(phase, at);
        at = Timestamp(at.0 + millis);
        record.end_time = Some(at);
        record.phase_status = Some(PhaseStatus::Succeeded);
        if phase >= Phase::Provisioning {
            record.contexts.push(PhaseContext::default());
        }
        phases.push(record);
    }
    phases.push(PhaseRecord::begun(Phase::Completed, at));
    BuildView {
        arn: format!("arn:aws:codebuild:us-east-1:000000000000:build/{id}"),
        project: id.project().clone(),
        id,
        build_number: 3,
        initiator: "cli".into(),
        build_status: BuildStatus::Succeeded,
        build_complete: true,
        current_phase: Phase::Completed,
        start_time: START,
        end_time: Some(at),
        phases,
        source: Source { kind: SourceKind::S3 { location: "sources/x.zip".into() }, version: None },
        resolved_source_version: None,
        image: crate::standard_image::NAME.into(),
        resources: Some(Resources { vcpu: 2, memory_mib: 4096 }),
        image_digest: None,
        attempt: 1,
        agent: Some("host-1".parse().unwrap()),
        exported_environment_variables: vec![("VERSION".into(), "7.0".into())],
        artifacts: vec![ArtifactRecord {
            artifact_identifier: None,
            bucket: "artifacts".into(),
            key: "redis".into(),
            packaging: Packaging::None,
            files: 2,
            size_bytes: 6_400_000,
            sha256sum: String::new(),
            md5sum: String::new(),
        }],
        log_bytes: Some(17),
        retry_of: None,
        next_retry: None,
        reason: None,
        priority: 0,
        fleet: None,
    }
}

/// The same build in its BUILD phase.
pub(crate) fn running_build() -> BuildView {
    let mut view = finished_build();
    view.build_status = BuildStatus::InProgress;
    view.build_complete = false;
    view.current_phase = Phase::Build;
    view.end_time = None;
    view.phases.truncate(7);
    view.phases[6].phase_status = None;
    view.phases[6].end_time = None;
    view.artifacts.clear();
    view.log_bytes = None;
    view
}

/// An agent with four slots, one of them taken.
pub(crate) fn agent() -> AgentView {
    AgentView {
        name: "host-1".parse().unwrap(),
        status: AgentStatus::Online,
        reason: None,
        version: "0.1.0".into(),
        capacity: Capacity {
            slots: 4,
            resources: Resources { vcpu: 8, memory_mib: 16_384 },
            architecture: Architecture::X86_64,
            labels: [("zone".to_owned(), "a".to_owned())].into(),
            privileged: false,
            local_source: false,
            executor: "docker".into(),
            fleet: None,
        },
        builds: vec![finished_build().id],
        last_seen: START,
        vitals: None,
        withdrawal: None,
        skew: None,
    }
}

/// An agent was drained that had a build, and lost an offer by it.
pub(crate) fn drained() -> FleetEvent {
    FleetEvent {
        at: START,
        fleet: "linux".parse().unwrap(),
        kind: FleetEventKind::Drained,
        agent: Some("linux-1".parse().unwrap()),
        instance: None,
        builds: 1,
        taken_back: 1,
        reason: "idle for 30 s".into(),
    }
}
