//! Values for this crate's tests.

use crate::build::Build;
use crate::event::{Event, Report};
use crate::lifecycle::apply;
use buildyard_model::*;

pub(crate) fn spec() -> JobSpec {
    JobSpec {
        id: "app:00000000-0000-0000-0000-000000000001".parse().unwrap(),
        build_number: 1,
        initiator: "cli".to_owned(),
        submitted_at: Timestamp(0),
        source: Source { kind: SourceKind::None, version: None },
        secondary_sources: Vec::new(),
        buildspec: BuildspecOrigin::Default,
        environment: Environment {
            kind: EnvironmentType::LinuxContainer,
            image: "busybox:1".to_owned(),
            compute_type: ComputeType::Small,
            environment_variables: Vec::new(),
            privileged_mode: false,
            pull_policy: PullPolicy::IfAbsent,
        },
        artifacts: ArtifactSpec::default(),
        secondary_artifacts: Vec::new(),
        timeout_seconds: 3600,
        queued_timeout_seconds: 28_800,
        labels: std::collections::BTreeMap::new(),
        priority: 0,
        debug_session: false,
        retry_of: None,
        project: None,
        overflow: false,
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
    }
}

pub(crate) fn agent(name: &str) -> AgentId {
    name.parse().unwrap()
}

/// Applies an event that must be taken.
pub(crate) fn step(build: &Build, event: Event, at: i64) -> Build {
    apply(build, event, Timestamp(at)).unwrap().build
}

pub(crate) fn queued() -> Build {
    Build::queued(spec(), Timestamp(0))
}

pub(crate) fn leased() -> Build {
    step(&queued(), Event::Lease { agent: agent("a1") }, 1000)
}

pub(crate) fn running() -> Build {
    let build = leased();
    step(&build, Event::Accept { token: token(&build) }, 1100)
}

/// The token of the lease in force.
pub(crate) fn token(build: &Build) -> LeaseToken {
    build.state.lease().unwrap().token.clone()
}

pub(crate) fn record(phase: Phase, start: i64, end: Option<(i64, PhaseStatus)>) -> PhaseRecord {
    PhaseRecord {
        phase_type: phase,
        phase_status: end.map(|(_, status)| status),
        start_time: Timestamp(start),
        end_time: end.map(|(at, _)| Timestamp(at)),
        contexts: end.map(|_| PhaseContext::default()).into_iter().collect(),
    }
}

pub(crate) fn progress(build: &Build, phases: Vec<PhaseRecord>) -> Event {
    let commands_started = false;
    Event::Progress { token: token(build), phases, commands_started, image_digest: None, resolved_source_version: None }
}

pub(crate) fn report(outcome: Outcome) -> Report {
    Report {
        outcome,
        phases: Vec::new(),
        exported: Vec::new(),
        artifacts: Vec::new(),
        log_bytes: 0,
        reason: None,
        retry_limit: 0,
    }
}
