//! An agent with its coordinator, and the jobs and programs of the tests.

use crate::coordinator::Coordinator;
use buildyard_agent::{Agent, AgentConfig, AgentHandle, CoordinatorConfig, WarmConfig};
use buildyard_executor::fake::Program;
use buildyard_executor::{Executor, Exit, Fake, SandboxSpec};
use buildyard_model::{BuildId, JobSpec, LeaseToken, Phase, PhaseContext, PhaseStatus, Secret, Timestamp};
use buildyard_runner::Plan;
use buildyard_runner::journal::{Event, Writer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the tests mount as runner.
pub(crate) const RUNNER: &str = env!("CARGO_BIN_EXE_buildyard-agent-test-runner");

pub(crate) struct Scene {
    pub(crate) coordinator: Coordinator,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) config: AgentConfig,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let (coordinator, address) = Coordinator::serve().await;
        let directory = tempfile::tempdir().unwrap();
        let config = AgentConfig {
            name: Some("tester".parse().unwrap()),
            data_dir: directory.path().join("agent"),
            slots: Some(2),
            disk_floor: buildyard_agent::ByteSize::bytes(0),
            // Tests that count sandboxes want those of builds only.
            warm: WarmConfig { limit: Some(0), ..WarmConfig::default() },
            coordinator: CoordinatorConfig {
                endpoint: format!("http://{address}"),
                join_token: Some(Secret::new("join")),
                join_token_file: None,
            },
            ..AgentConfig::default()
        };
        Self { coordinator, directory, config }
    }

    pub(crate) async fn start_on(&self, executor: Arc<dyn Executor>) -> AgentHandle {
        let sessions = u32::try_from(self.coordinator.hellos().len()).unwrap();
        let agent =
            Agent::start_on(executor, self.config.clone(), RUNNER.into(), CancellationToken::new()).await.unwrap();
        self.coordinator.connected(sessions + 1).await;
        agent
    }

    /// Folders of leases that are still there.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.config.data_dir.join("builds")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Waits until nothing is left of any lease.
    pub(crate) async fn emptied(&self) {
        while !self.folders().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn log(&self, lease: &LeaseToken) -> String {
        String::from_utf8(self.coordinator.known(lease).log).unwrap()
    }
}

pub(crate) fn lease(build: u128, epoch: u64) -> LeaseToken {
    let build = BuildId::new("project".parse().unwrap(), uuid::Uuid::from_u128(build));
    LeaseToken { build, attempt: 1, epoch }
}

pub(crate) fn job(lease: &LeaseToken, buildspec: &str) -> JobSpec {
    serde_json::from_value(serde_json::json!({
        "id": lease.build, "buildNumber": 1, "initiator": "test", "submittedAt": 0,
        "source": {"type": "NO_SOURCE"}, "buildspec": {"inline": buildspec},
        "environment": {"image": "busybox"},
        "timeoutSeconds": 60, "queuedTimeoutSeconds": 60, "region": "us-east-1", "account": "123456789012",
    }))
    .unwrap()
}

pub(crate) const SPEC: &str = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo hello\n";

pub(crate) const SUCCESS: Exit = Exit { code: Some(0), out_of_memory: false };

/// The control folder of a fake sandbox, on the host.
pub(crate) fn control(spec: &SandboxSpec) -> PathBuf {
    let mount = spec.mounts.iter().find(|mount| mount.inside.ends_with("control"));
    mount.unwrap().host.clone()
}

pub(crate) fn plan(control: &Path) -> Plan {
    serde_json::from_slice(&std::fs::read(control.join("plan.json")).unwrap()).unwrap()
}

/// Writes a journal as the runner does.
pub(crate) struct Script(Writer);

impl Script {
    pub(crate) fn create(control: &Path) -> Self {
        Self(Writer::create(&control.join("journal")).unwrap())
    }

    pub(crate) fn print(&mut self, text: &str) -> &mut Self {
        self.0.log(Timestamp(1), text.as_bytes()).unwrap();
        self
    }

    pub(crate) fn event(&mut self, event: Event) -> &mut Self {
        self.0.event(&event).unwrap();
        self
    }

    pub(crate) fn begin(&mut self, phase: Phase) -> &mut Self {
        self.event(Event::PhaseStarted { phase, time: now() })
    }

    pub(crate) fn end(&mut self, phase: Phase, status: PhaseStatus) -> &mut Self {
        self.event(Event::PhaseEnded { phase, status, context: PhaseContext::default(), time: now() })
    }

    /// Phases without anything in them, from INSTALL up to but without UPLOAD_ARTIFACTS.
    pub(crate) fn commands(&mut self, text: &str) -> &mut Self {
        for phase in Phase::OF_COMMANDS {
            self.begin(phase);
            if phase == Phase::Build {
                self.event(Event::CommandsStarted).print(text);
            }
            self.end(phase, PhaseStatus::Succeeded);
        }
        self
    }

    pub(crate) fn finish(&mut self, failed: bool) {
        self.begin(Phase::UploadArtifacts).event(Event::Finished { failed, retry_limit: 0 });
    }
}

pub(crate) fn now() -> Timestamp {
    use buildyard_model::Clock;
    buildyard_model::SystemClock.now()
}

/// A fake whose programs print `text` and succeed.
pub(crate) fn printing(text: &'static str) -> Fake {
    Fake::with_programs(move |spec| {
        let control = control(spec);
        Program::Does(Box::new(move |_| {
            Box::pin(async move {
                Script::create(&control).commands(text).finish(false);
                SUCCESS
            })
        }))
    })
}

/// One line for each phase.
pub(crate) fn phases(records: &[buildyard_model::PhaseRecord]) -> Vec<String> {
    records.iter().map(|r| format!("{} {}", r.phase_type, r.phase_status.map_or("-", PhaseStatus::name))).collect()
}
