//! Values for the cases.

use crate::roles::{Draft, Store};
use buildyard_model::*;
use buildyard_scheduler::{Build, Event, Report, Step, apply};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn id(project: &str, number: u64) -> BuildId {
    // The digits that differ come first, so that prefixes tell builds apart.
    format!("{project}:{number:08x}-0000-4000-8000-{number:012x}").parse().unwrap()
}

pub(crate) fn spec(project: &str, number: u64) -> JobSpec {
    JobSpec {
        id: id(project, number),
        build_number: 0,
        initiator: "cli".to_owned(),
        submitted_at: Timestamp(1_000_000),
        source: Source {
            kind: SourceKind::Git {
                location: "https://git.example/app.git".to_owned(),
                depth: 1,
                submodules: true,
                credentials: Some(GitCredentials { username: "me".to_owned(), password: Secret::new("hunter2") }),
            },
            version: Some("main".to_owned()),
        },
        secondary_sources: Vec::new(),
        buildspec: BuildspecOrigin::Inline("version: 0.2\n".to_owned()),
        environment: Environment {
            kind: EnvironmentType::LinuxContainer,
            image: "busybox:1".to_owned(),
            compute_type: ComputeType::Medium,
            environment_variables: vec![EnvironmentVariable {
                name: "A".to_owned(),
                value: "ünïcode 'quoted'".to_owned(),
                kind: VariableKind::Plaintext,
            }],
            privileged_mode: true,
            pull_policy: PullPolicy::Always,
        },
        artifacts: ArtifactSpec { kind: ArtifactKind::S3, location: "bucket".to_owned(), ..Default::default() },
        secondary_artifacts: Vec::new(),
        timeout_seconds: 3600,
        queued_timeout_seconds: 600,
        labels: BTreeMap::from([("gpu".to_owned(), "yes".to_owned())]),
        priority: 0,
        debug_session: false,
        retry_of: None,
        project: None,
        overflow: false,
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
    }
}

pub(crate) fn draft(project: &str, number: u64) -> Draft {
    Draft { spec: spec(project, number), idempotency: None, outbox_entry: None, limit: None }
}

pub(crate) async fn create(store: &Arc<dyn Store>, project: &str, number: u64) -> Build {
    store.create(draft(project, number)).await.unwrap().build
}

pub(crate) fn agent() -> AgentId {
    "a1".parse().unwrap()
}

pub(crate) fn leased(build: &Build) -> Step {
    apply(build, Event::Lease { agent: agent() }, Timestamp(1_001_000)).unwrap()
}

/// A finish with a failure that asks for another try: two durable effects.
pub(crate) fn failed(build: &Build) -> Step {
    let report = Report {
        outcome: Outcome::Failed,
        phases: vec![PhaseRecord {
            phase_type: Phase::Build,
            phase_status: Some(PhaseStatus::Failed),
            start_time: Timestamp(0),
            end_time: Some(Timestamp(5)),
            contexts: vec![PhaseContext::new("COMMAND_EXECUTION_ERROR", "exit status 1")],
        }],
        exported: vec![("VERSION".to_owned(), "1".to_owned())],
        artifacts: Vec::new(),
        log_bytes: 1 << 40,
        reason: None,
        retry_limit: 1,
    };
    let token = build.state.lease().unwrap().token.clone();
    apply(build, Event::Finish { token, report }, Timestamp(1_002_000)).unwrap()
}

/// Creates a build and walks it to its failed end. Gives the build and its outbox entries.
pub(crate) async fn fail(store: &Arc<dyn Store>, project: &str, number: u64) -> (Build, Vec<crate::OutboxEntry>) {
    let build = create(store, project, number).await;
    let lease = leased(&build);
    store.commit(&lease).await.unwrap();
    let end = failed(&lease.build);
    let entries = store.commit(&end).await.unwrap();
    (end.build, entries)
}
