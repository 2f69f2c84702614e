//! An executor in memory, for tests of the agent: honest to the trait, with programs that the test writes.
//!
//! Time is tokio's, so a test may pause it. Clones share their sandboxes: a clone is what an agent has after a restart.
//! What a test wants to go wrong it says beforehand, with `fail_next`; what was asked it reads from `calls`.

mod life;
#[cfg(test)]
mod tests;

use self::life::{Life, Sandbox};
use crate::name;
use crate::sandbox::{
    Capabilities, Executor, ExecutorError, Exit, Found, ImageRequest, Progress, SandboxId, SandboxSpec,
};
use async_trait::async_trait;
use buildyard_model::{Architecture, Resources};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a sandbox's program does.
pub enum Program {
    /// Ends by itself after a while, and does not listen to SIGTERM.
    Ends { after: Duration, exit: Exit },
    /// Runs until it is asked to end.
    RunsUntilStopped { exit: Exit },
    /// Anything, for example writing a journal where a runner would. The token is cancelled by SIGTERM; a SIGKILL drops
    /// the future.
    Does(Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, Exit> + Send>),
}

/// A call of the trait, as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Probe,
    PrepareImage(ImageRequest),
    Create(Box<SandboxSpec>),
    Start(SandboxId),
    Wait(SandboxId),
    Stop(SandboxId, Duration),
    Remove(SandboxId),
    List { label: String, value: String },
}

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    Probe,
    PrepareImage,
    Create,
    Start,
    Wait,
    Stop,
    Remove,
    List,
}

type Programs = Arc<dyn Fn(&SandboxSpec) -> Program + Send + Sync>;

/// The fake.
#[derive(Clone)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    programs: Programs,
}

struct World {
    capabilities: Capabilities,
    sandboxes: BTreeMap<SandboxId, Sandbox>,
    failures: BTreeMap<Method, VecDeque<ExecutorError>>,
    progress: Vec<String>,
    /// What every tag stands for.
    digest: u64,
    calls: Vec<Call>,
}

impl Fake {
    /// A fake whose programs succeed at once.
    pub fn new() -> Self {
        Self::with_programs(|_| Program::Ends { after: Duration::ZERO, exit: succeeded() })
    }

    /// A fake that asks `programs` what each sandbox's program does.
    pub fn with_programs(programs: impl Fn(&SandboxSpec) -> Program + Send + Sync + 'static) -> Self {
        let capabilities = Capabilities {
            name: "fake",
            version: "1".to_owned(),
            architecture: Architecture::native(),
            resources: Resources { vcpu: 8, memory_mib: 16 * 1024 },
            isolates: true,
            blocks_metadata: true,
        };
        let world = World {
            capabilities,
            sandboxes: BTreeMap::new(),
            failures: BTreeMap::new(),
            progress: Vec::new(),
            digest: 0,
            calls: Vec::new(),
        };
        Self { world: Arc::new(Mutex::new(world)), programs: Arc::new(programs) }
    }

    /// Changes what `probe` answers.
    pub fn set_capabilities(&self, capabilities: Capabilities) {
        self.world().capabilities = capabilities;
    }

    /// The lines that `prepare_image` tells people.
    pub fn set_progress(&self, lines: Vec<String>) {
        self.world().progress = lines;
    }

    /// Moves every tag to another image.
    pub fn move_tags(&self, digest: u64) {
        self.world().digest = digest;
    }

    /// Makes the next call of this kind fail; several failures queue up.
    pub fn fail_next(&self, method: Method, error: ExecutorError) {
        self.world().failures.entry(method).or_default().push_back(error);
    }

    /// All calls so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// Sandboxes that were made and not removed.
    pub fn sandboxes(&self) -> Vec<SandboxSpec> {
        self.world().sandboxes.values().map(|sandbox| sandbox.spec().clone()).collect()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call and gives the failure that waits for it, if any.
    fn enter(&self, method: Method, call: Call) -> Result<(), ExecutorError> {
        let mut world = self.world();
        world.calls.push(call);
        let failure = world.failures.get_mut(&method).and_then(VecDeque::pop_front);
        failure.map_or(Ok(()), Err)
    }

    fn sandbox(&self, id: &SandboxId) -> Result<Sandbox, ExecutorError> {
        self.world().sandboxes.get(id).cloned().ok_or_else(|| ExecutorError::Gone(id.clone()))
    }
}

impl Default for Fake {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fake").field("sandboxes", &self.world().sandboxes.keys()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ends { after, exit } => f.debug_struct("Ends").field("after", after).field("exit", exit).finish(),
            Self::RunsUntilStopped { exit } => f.debug_struct("RunsUntilStopped").field("exit", exit).finish(),
            Self::Does(_) => f.debug_tuple("Does").finish_non_exhaustive(),
        }
    }
}

fn succeeded() -> Exit {
    Exit { code: Some(0), out_of_memory: false }
}

#[async_trait]
impl Executor for Fake {
    async fn probe(&self) -> Result<Capabilities, ExecutorError> {
        self.enter(Method::Probe, Call::Probe)?;
        Ok(self.world().capabilities.clone())
    }

    async fn prepare_image(&self, image: &ImageRequest, progress: Progress<'_>) -> Result<String, ExecutorError> {
        self.enter(Method::PrepareImage, Call::PrepareImage(image.clone()))?;
        let lines = self.world().progress.clone();
        lines.into_iter().for_each(progress);
        let pinned = image.reference.contains("sha256:");
        Ok(if pinned {
            image.reference.clone()
        } else {
            format!("{}@sha256:{:064}", image.reference, self.world().digest)
        })
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<SandboxId, ExecutorError> {
        self.enter(Method::Create, Call::Create(Box::new(spec.clone())))?;
        name::check(spec)?;
        let id = SandboxId(spec.name.clone());
        let mut world = self.world();
        match world.sandboxes.get(&id) {
            Some(there) if there.life() == Life::Fresh && there.spec() == spec => {}
            Some(_) => return Err(ExecutorError::Refused(format!("the name {} is taken: remove it first", id.0))),
            None => drop(world.sandboxes.insert(id.clone(), Sandbox::new(spec.clone()))),
        }
        Ok(id)
    }

    async fn start(&self, id: &SandboxId) -> Result<(), ExecutorError> {
        self.enter(Method::Start, Call::Start(id.clone()))?;
        let sandbox = self.sandbox(id)?;
        sandbox.start(|spec| (self.programs)(spec));
        Ok(())
    }

    async fn wait(&self, id: &SandboxId) -> Result<Exit, ExecutorError> {
        self.enter(Method::Wait, Call::Wait(id.clone()))?;
        let sandbox = self.sandbox(id)?;
        if sandbox.life() == Life::Fresh {
            return Err(ExecutorError::Refused(format!("sandbox {} was never started", id.0)));
        }
        Ok(sandbox.ended().await)
    }

    async fn stop(&self, id: &SandboxId, grace: Duration) -> Result<(), ExecutorError> {
        self.enter(Method::Stop, Call::Stop(id.clone(), grace))?;
        if let Ok(sandbox) = self.sandbox(id) {
            sandbox.stop(grace).await;
        }
        Ok(())
    }

    async fn remove(&self, id: &SandboxId) -> Result<(), ExecutorError> {
        self.enter(Method::Remove, Call::Remove(id.clone()))?;
        let sandbox = self.world().sandboxes.remove(id);
        if let Some(sandbox) = sandbox {
            sandbox.stop(Duration::ZERO).await;
        }
        Ok(())
    }

    async fn list(&self, label: &str, value: &str) -> Result<Vec<Found>, ExecutorError> {
        self.enter(Method::List, Call::List { label: label.to_owned(), value: value.to_owned() })?;
        let world = self.world();
        let found = world
            .sandboxes
            .iter()
            .filter(|(_, sandbox)| sandbox.spec().labels.get(label).is_some_and(|found| found == value));
        Ok(found
            .map(|(id, sandbox)| Found {
                id: id.clone(),
                labels: sandbox.spec().labels.clone(),
                running: sandbox.life() == Life::Running,
            })
            .collect())
    }
}
