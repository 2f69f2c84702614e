use super::{Host, HostOptions};
use crate::conformance::program::Program;
use crate::conformance::{self, Ground, conformance};
use crate::sandbox::{Executor, ImageRequest, SandboxSpec};
use async_trait::async_trait;
use buildyard_model::PullPolicy;
use std::path::{Path, PathBuf};
use std::time::Instant;

struct HostGround {
    base: tempfile::TempDir,
    folder: tempfile::TempDir,
}

#[async_trait]
impl Ground for HostGround {
    async fn attach(&self) -> Box<dyn Executor> {
        Box::new(Host::open(HostOptions { base: self.base.path().join("sandboxes") }).unwrap())
    }

    fn image(&self) -> String {
        "any:1".into()
    }

    fn command(&self, program: &Program) -> Vec<String> {
        program.shell("/bin/sh", self.folder.path())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn folder_inside(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn runs_programs(&self) -> bool {
        true
    }

    fn tells_foreign_exits(&self) -> bool {
        false
    }
}

async fn ground() -> HostGround {
    HostGround { base: tempfile::tempdir().unwrap(), folder: tempfile::tempdir().unwrap() }
}

conformance!(ground());

#[tokio::test]
async fn the_host_says_that_it_isolates_nothing_and_ignores_images() {
    let host = ground().await.attach().await;
    let capabilities = host.probe().await.unwrap();
    assert!(!capabilities.isolates && !capabilities.blocks_metadata);
    assert!(capabilities.resources.memory_mib > 100 && capabilities.resources.vcpu > 0, "{capabilities:?}");
    let said = std::sync::Mutex::new(String::new());
    let request = ImageRequest { reference: "not an image".into(), pull: PullPolicy::Never, login: None };
    host.prepare_image(&request, &|line| said.lock().unwrap().push_str(&line)).await.unwrap();
    assert!(said.into_inner().unwrap().contains("isolated from nothing"));
}

#[tokio::test]
async fn a_program_has_its_own_session_and_no_terminal_and_no_terminal_variable() {
    let ground = ground().await;
    conformance::try_fact(&ground, async |trial| {
        let script = "cut -d' ' -f1,5,6 /proc/$$/stat > ids; echo \"${TERM-unset} $HOME\" > variables; exit 0";
        let id = trial.started(&Program::script(script)).await;
        trial.exit(&id).await;
        let (ids, variables) = (trial.text("ids"), trial.text("variables"));
        let ids: Vec<&str> = ids.split_whitespace().collect();
        assert!(ids[0] == ids[1] && ids[1] == ids[2], "pid, group and session are one: {ids:?}");
        assert!(variables.starts_with("unset ") && variables.contains(&id.0), "{variables}");
    })
    .await;
}

#[tokio::test]
async fn secrets_do_not_outlive_the_start() {
    let ground = ground().await;
    conformance::try_fact(&ground, async |trial| {
        let mut spec: SandboxSpec = trial.spec(&Program::Exits(0));
        spec.environment.insert("PASSWORD".into(), "hunter2".into());
        let id = trial.started_as(&spec).await;
        trial.exit(&id).await;
        let folder = ground.base.path().join("sandboxes").join(&id.0);
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            assert!(!text.contains("hunter2"), "{text}");
        }
    })
    .await;
}

/// A process that changes session, group and parent and forgets its mark is found as long as its parent was.
#[tokio::test]
async fn a_child_without_mark_in_a_session_of_its_own_is_killed_too() {
    let ground = ground().await;
    conformance::try_fact(&ground, async |trial| {
        let script = "env -i setsid --wait sh -c 'echo $$ > ready; exec sleep 1000' & wait";
        let id = trial.started(&Program::script(script)).await;
        trial.appears("ready").await;
        let pid: u32 = loop {
            if let Ok(pid) = trial.text("ready").trim().parse() {
                break pid;
            }
            tokio::task::yield_now().await;
        };
        trial.executor.stop(&id, std::time::Duration::ZERO).await.unwrap();
        assert!(super::process::Process::read(pid).is_none_or(|process| process.ended));
    })
    .await;
}

#[tokio::test]
async fn a_start_takes_a_few_milliseconds() {
    let ground = ground().await;
    conformance::try_fact(&ground, async |trial| {
        let mut fastest = std::time::Duration::MAX;
        for _ in 0..10 {
            let spec = trial.spec(&Program::Exits(0));
            let before = Instant::now();
            let id = trial.started_as(&spec).await;
            fastest = fastest.min(before.elapsed());
            trial.exit(&id).await;
        }
        println!("create and start on the host: {fastest:?}");
        assert!(fastest.as_millis() < 10, "{fastest:?}");
    })
    .await;
}
