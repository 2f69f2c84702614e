//! What holds for every executor, whatever runs below it. An executor's tests make a `Ground` and name it in
//! `conformance!`; each fact becomes a test of its own. Invariant: whether a fact holds or not, its sandboxes are removed,
//! and nothing with its label is left.

pub(crate) mod ending;
pub(crate) mod finding;
pub(crate) mod program;
pub(crate) mod running;
pub(crate) mod surroundings;

use crate::sandbox::{Executor, Exit, Limits, Mount, SandboxId, SandboxSpec};
use async_trait::async_trait;
use buildyard_model::Resources;
use futures::FutureExt;
use program::Program;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// The label that each sandbox of a trial carries; its value is the trial's own.
pub(crate) const LABEL: &str = "buildyard.trial";

/// Where an executor is tried.
#[async_trait]
pub(crate) trait Ground: Send + Sync {
    /// Another executor over the same sandboxes, as an agent has after a restart.
    async fn attach(&self) -> Box<dyn Executor>;

    /// The image to run.
    fn image(&self) -> String;

    /// The command that does what `program` says.
    fn command(&self, program: &Program) -> Vec<String>;

    /// A folder of the host for the trial's files.
    fn folder(&self) -> &Path;

    /// Where programs see that folder.
    fn folder_inside(&self) -> PathBuf;

    /// Whether programs really run, and so can be asked what they see.
    fn runs_programs(&self) -> bool;

    /// Whether an executor can tell the exit code of a program that it did not start.
    fn tells_foreign_exits(&self) -> bool;
}

/// One fact being tried.
pub(crate) struct Trial<'a> {
    pub(crate) ground: &'a dyn Ground,
    pub(crate) executor: Box<dyn Executor>,
    value: String,
    made: AtomicU32,
}

static TRIALS: AtomicU32 = AtomicU32::new(0);

impl Trial<'_> {
    /// A sandbox to make, with a name of its own.
    pub(crate) fn spec(&self, program: &Program) -> SandboxSpec {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        SandboxSpec {
            name: format!("{}-{number}", self.value),
            labels: [(LABEL.to_owned(), self.value.clone()), ("buildyard.other".to_owned(), "x y".to_owned())].into(),
            image: self.ground.image(),
            command: self.ground.command(program),
            environment: [("TRIAL".to_owned(), "a=b c'\"$d".to_owned())].into(),
            mounts: vec![Mount {
                host: self.ground.folder().to_owned(),
                inside: self.ground.folder_inside(),
                read_only: false,
            }],
            tmpfs: vec![],
            working_directory: self.ground.folder_inside(),
            limits: Limits { resources: Resources { vcpu: 1, memory_mib: 64 }, pids: 64 },
            privileged: false,
            tenant: None,
        }
    }

    pub(crate) async fn started(&self, program: &Program) -> SandboxId {
        self.started_as(&self.spec(program)).await
    }

    pub(crate) async fn started_as(&self, spec: &SandboxSpec) -> SandboxId {
        let id = self.executor.create(spec).await.unwrap();
        self.executor.start(&id).await.unwrap();
        id
    }

    /// The exit code of a run that is expected to end soon.
    pub(crate) async fn code(&self, id: &SandboxId) -> Option<i64> {
        self.exit(id).await.code
    }

    pub(crate) async fn exit(&self, id: &SandboxId) -> Exit {
        timeout(Duration::from_secs(20), self.executor.wait(id)).await.expect("the program ends").unwrap()
    }

    /// What a file of the trial's folder holds.
    pub(crate) fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.ground.folder().join(file)).unwrap_or_default()
    }

    /// Waits until a program has written the file.
    pub(crate) async fn appears(&self, file: &str) {
        let path = self.ground.folder().join(file);
        let there = async {
            while !path.exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), there).await.unwrap_or_else(|_| panic!("{file} never appeared"));
    }

    pub(crate) async fn found(&self, executor: &dyn Executor) -> Vec<crate::sandbox::Found> {
        executor.list(LABEL, &self.value).await.unwrap()
    }
}

/// Tries one fact, and clears up after it.
pub(crate) async fn try_fact<'g, F>(ground: &'g dyn Ground, fact: F)
where
    F: AsyncFnOnce(&Trial<'g>),
{
    let value = format!("trial-{}-{}", std::process::id(), TRIALS.fetch_add(1, Ordering::Relaxed));
    let trial = Trial { ground, executor: ground.attach().await, value, made: AtomicU32::new(0) };
    let outcome = AssertUnwindSafe(fact(&trial)).catch_unwind().await;
    for found in trial.found(&*trial.executor).await {
        trial.executor.remove(&found.id).await.unwrap();
    }
    let left = trial.found(&*trial.executor).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// Makes a test of each fact, on the ground that the expression gives.
macro_rules! conformance {
    ($ground:expr) => {
        $crate::conformance::conformance! {
            $ground;
            running::an_exit_code_is_told,
            running::a_program_of_no_time_is_not_missed,
            running::starting_again_starts_nothing,
            running::waiting_after_the_end_answers_at_once,
            running::two_may_wait_at_once,
            running::a_sandbox_that_was_never_started_cannot_be_waited_for,
            running::creating_again_before_the_start_is_no_error,
            running::an_unsafe_name_is_refused,
            ending::a_stop_is_asked_for_first,
            ending::an_ignored_stop_is_enforced_after_the_grace,
            ending::stopping_what_has_ended_or_is_gone_is_success,
            ending::removing_a_running_sandbox_ends_its_wait,
            ending::removing_twice_and_at_once_is_success,
            ending::a_removed_sandbox_is_gone,
            ending::daemonised_children_die_with_the_program,
            ending::daemonised_children_die_when_stopped,
            finding::a_label_finds_its_sandboxes_and_no_others,
            finding::a_later_executor_waits_for_a_running_sandbox,
            finding::a_later_executor_sees_an_ended_sandbox,
            finding::a_later_executor_stops_and_removes,
            finding::a_sandbox_that_was_only_created_is_found_and_removed,
            surroundings::the_environment_is_as_given,
            surroundings::the_program_starts_in_its_folder,
            surroundings::a_folder_of_the_host_can_be_written,
            surroundings::a_signal_counts_as_128_and_its_number,
            surroundings::a_program_that_is_not_there_is_refused,
        }
    };
    ($ground:expr; $($module:ident::$fact:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                let ground = $ground.await;
                $crate::conformance::try_fact(&ground, $crate::conformance::$module::$fact).await;
            }
        )+
    };
}
pub(crate) use conformance;
