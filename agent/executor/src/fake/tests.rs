use super::{Call, Fake, Method, Program, succeeded};
use crate::conformance::{self, Ground, conformance};
use crate::sandbox::{Executor, ExecutorError, Exit, ImageRequest, SandboxSpec};
use async_trait::async_trait;
use buildyard_model::PullPolicy;
use futures::FutureExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Programs travel as the words of the command.
struct FakeGround {
    fake: Fake,
}

fn exit(code: i64) -> Exit {
    Exit { code: Some(code), out_of_memory: false }
}

fn program(spec: &SandboxSpec) -> Program {
    match spec.command[1].split_once(' ') {
        Some(("exits", code)) => Program::Ends { after: Duration::ZERO, exit: exit(code.parse().unwrap()) },
        Some(("listens", _)) => Program::RunsUntilStopped { exit: exit(7) },
        _ => Program::Does(Box::new(|_| futures::future::pending().boxed())),
    }
}

#[async_trait]
impl Ground for FakeGround {
    async fn attach(&self) -> Box<dyn Executor> {
        Box::new(self.fake.clone())
    }

    fn image(&self) -> String {
        "any".into()
    }

    fn command(&self, program: &conformance::program::Program) -> Vec<String> {
        use conformance::program::Program as Wanted;
        let words = match program {
            Wanted::Exits(code) => format!("exits {code}"),
            Wanted::ListensToStop => "listens to stop".into(),
            Wanted::IgnoresStop => "ignores".into(),
            Wanted::Script(text) => panic!("the fake runs no script: {text}"),
        };
        vec!["/program".into(), words]
    }

    fn folder(&self) -> &Path {
        Path::new("/")
    }

    fn folder_inside(&self) -> PathBuf {
        "/".into()
    }

    fn runs_programs(&self) -> bool {
        false
    }

    fn tells_foreign_exits(&self) -> bool {
        true
    }
}

async fn ground() -> FakeGround {
    FakeGround { fake: Fake::with_programs(program) }
}

conformance!(ground());

#[tokio::test]
async fn a_failure_comes_once_and_in_order() {
    let fake = Fake::new();
    fake.fail_next(Method::Probe, ExecutorError::Unreachable("gone fishing".into()));
    assert!(matches!(fake.probe().await, Err(ExecutorError::Unreachable(_))));
    assert_eq!(fake.probe().await.unwrap().name, "fake");
    assert_eq!(fake.calls(), [Call::Probe, Call::Probe]);
}

#[tokio::test]
async fn an_image_is_answered_by_digest_with_the_lines_that_were_set() {
    let fake = Fake::new();
    fake.set_progress(vec!["Pulling app:1".into()]);
    let (said, request) = (
        std::sync::Mutex::new(vec![]),
        ImageRequest { reference: "app:1".into(), pull: PullPolicy::IfAbsent, login: None },
    );
    let name = fake.prepare_image(&request, &|line| said.lock().unwrap().push(line)).await.unwrap();
    assert!(name.starts_with("app:1@sha256:"), "{name}");
    assert_eq!(said.into_inner().unwrap(), ["Pulling app:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_program_takes_no_real_time() {
    let hour = Duration::from_secs(3600);
    let fake = Fake::with_programs(move |_| Program::Ends { after: hour, exit: succeeded() });
    let ground = FakeGround { fake: fake.clone() };
    conformance::try_fact(&ground, async |trial| {
        let id = trial.started(&conformance::program::Program::Exits(0)).await;
        let before = tokio::time::Instant::now();
        assert_eq!(fake.wait(&id).await.unwrap(), succeeded());
        assert!(before.elapsed() >= hour);
    })
    .await;
}
