//! Agents as child processes of the coordinator's host: a folder per ticket with the agent's configuration, its data
//! directory and its output; a process group each.
//!
//! Owns when one is started and ended. What is on disk is `folder`'s, what a process is `identity`'s. Invariant: a
//! process runs at most once per ticket, and a later coordinator over the same folder finds it, also when the earlier one
//! was killed between the start and writing the process down.

mod folder;
mod identity;
#[cfg(test)]
mod tests;

use crate::environment;
use crate::owner::Owner;
use crate::provisioner::{Error, Instance, InstanceState, Launch, Provisioner};
use crate::text;
use async_trait::async_trait;
use buildyard_model::{InstanceId, Ticket, Timestamp};
use folder::{Base, Folder};
use identity::Identity;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

/// What an agent gets of the coordinator's environment. Credentials for AWS are not among it.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "DOCKER_HOST",
    "CONTAINER_HOST",
    "RUST_LOG",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
/// For the look at a configuration before the start.
const CHECK: Duration = Duration::from_secs(10);
/// For the removal of what an ended agent's builds left, and until the next try.
const CLEAR: Duration = Duration::from_secs(10);
const CLEAR_AGAIN: Duration = Duration::from_secs(30);
/// From SIGKILL until a process is gone; longer only where the kernel waits for a device.
const KILLED: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(20);

/// How agents run here.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessSettings {
    /// The `buildyard` program.
    pub program: PathBuf,
    /// Where instances' folders lie, those of all fleets.
    pub directory: PathBuf,
    /// The agents' configuration, to which their data directory is added.
    pub agent: toml::Table,
    /// Added to the agents' environment.
    pub environment: BTreeMap<String, String>,
    /// What an agent gets between SIGTERM and SIGKILL; after the half of it it is told to kill its builds.
    pub grace: Duration,
    /// For the look at a configuration before the start.
    pub check_within: Duration,
}

impl ProcessSettings {
    /// Agents of `program`, with their folders in `directory`.
    pub fn new(program: PathBuf, directory: PathBuf) -> Self {
        Self {
            program,
            directory,
            agent: toml::Table::new(),
            environment: BTreeMap::new(),
            grace: Duration::from_secs(20),
            check_within: CHECK,
        }
    }
}

/// One fleet's agents on this host.
#[derive(Debug)]
pub struct Process {
    settings: ProcessSettings,
    base: Arc<Base>,
    /// One call at a time looks at the folders and changes them. Those of agents whose builds could not be cleared away yet
    /// are in here, with when to try again.
    turn: Mutex<HashMap<Ticket, Instant>>,
}

impl Process {
    /// Nothing is read or started yet.
    pub fn new(settings: ProcessSettings, owner: &Owner) -> Self {
        let base = Arc::new(Base::of(&settings.directory, owner));
        Self { settings, base, turn: Mutex::default() }
    }

    async fn start(&self, launch: &Launch) -> Result<(), Error> {
        let Some(folder) = self.base.begin(launch.ticket)? else { return Ok(()) };
        if let Err(error) = self.run(&folder, launch).await {
            folder.remove();
            return Err(error);
        }
        Ok(())
    }

    async fn run(&self, folder: &Folder, launch: &Launch) -> Result<(), Error> {
        folder.configure(&self.settings.agent, &launch.agent)?;
        self.check(folder).await?;
        let instance = id(launch.ticket);
        let mut command = self.command(folder);
        command.envs(environment::variables(launch, Some(&instance))?).envs(&self.settings.environment);
        let (output, errors) = folder.output()?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        let child = command.spawn().map_err(|error| self.cannot_start(&error))?;
        let pid = child.id().and_then(|pid| Identity::of(pid).map(|identity| (pid, identity)));
        let Some((pid, identity)) = pid else {
            return Err(Error::Unavailable(format!(
                "the agent {} ended at once: {}",
                launch.agent,
                folder.last_words()
            )));
        };
        folder.keep(&identity)?;
        tracing::info!(agent = launch.agent, pid, ticket = %launch.ticket, "started an agent on this host");
        Ok(())
    }

    /// A configuration that the agent would not take is refused with its own words.
    async fn check(&self, folder: &Folder) -> Result<(), Error> {
        let mut command = self.command(folder);
        command.arg("--check").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().map_err(|error| self.cannot_start(&error))?;
        let program = self.settings.program.display();
        let within = self.settings.check_within;
        let checked = timeout(within, child.wait_with_output())
            .await
            .map_err(|_| Error::Unavailable(format!("`{program} agent --check` did not end within {within:?}")))?;
        let checked = checked.map_err(|error| Error::Unavailable(format!("`{program} agent --check`: {error}")))?;
        if checked.status.success() {
            return Ok(());
        }
        let said = text::one_line(&String::from_utf8_lossy(&checked.stderr));
        Err(Error::Refused(format!("the agents' configuration is not right, mend the provisioner's [agent]: {said}")))
    }

    fn command(&self, folder: &Folder) -> Command {
        let mut command = Command::new(&self.settings.program);
        command.arg("agent").arg("--config").arg(folder.config());
        let passed = PASSED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        command.env_clear().envs(passed).current_dir(folder.path());
        command
    }

    fn cannot_start(&self, error: &std::io::Error) -> Error {
        let text = format!("{} cannot be started as an agent: {error}", self.settings.program.display());
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied => {
                Error::Refused(format!("{text}; set the provisioner's program"))
            }
            _ => Error::Unavailable(text),
        }
    }

    async fn end(&self, folder: &Folder) -> Result<(), Error> {
        folder.mark_stopping()?;
        let Some(process) = folder.process() else { return Ok(()) };
        for _ in 0..2 {
            process.terminate();
            if gone(&process, self.settings.grace / 2).await {
                return Ok(());
            }
        }
        tracing::warn!(pid = process.pid, "an agent did not end when it was asked to, and is killed");
        process.kill_group();
        if gone(&process, KILLED).await {
            return Ok(());
        }
        Err(Error::Unavailable(format!("process {} outlives SIGKILL: the host is in trouble", process.pid)))
    }

    /// Takes away the folder of an agent that has ended, after what is left of its builds outside of it: containers,
    /// networks, processes. Where that fails the folder stays, to try again.
    async fn bury(&self, folder: &Folder, failed: &mut HashMap<Ticket, Instant>) {
        let ticket = folder.ticket();
        if failed.get(&ticket).is_some_and(|until| *until > Instant::now()) {
            return;
        }
        match self.clear(folder).await {
            Ok(()) => {
                failed.remove(&ticket);
                folder.remove();
            }
            Err(problem) => {
                tracing::warn!(%ticket, problem, "what the builds of an ended agent left cannot be removed yet");
                failed.insert(ticket, Instant::now() + CLEAR_AGAIN);
            }
        }
    }

    /// The agent's own program knows what its builds may have left, and touches nothing of one that lives.
    async fn clear(&self, folder: &Folder) -> Result<(), String> {
        if !folder.has_data() {
            return Ok(());
        }
        let mut command = self.command(folder);
        command.arg("--clear").envs(&self.settings.environment).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| self.cannot_start(&error).to_string())?;
        let late = |_| format!("it took more than {} s", CLEAR.as_secs());
        let cleared = timeout(CLEAR, child.wait_with_output()).await.map_err(late)?;
        match cleared {
            Ok(cleared) if cleared.status.success() => Ok(()),
            Ok(cleared) => Err(text::one_line(&String::from_utf8_lossy(&cleared.stderr))),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The instance in this folder; one that has ended is cleared away.
    async fn look(&self, folder: &Folder, failed: &mut HashMap<Ticket, Instant>) -> Option<Instance> {
        if folder.process().is_none_or(|process| !process.is_alive()) {
            if !folder.is_stopping() && !failed.contains_key(&folder.ticket()) {
                let last_words = folder.last_words();
                tracing::warn!(ticket = %folder.ticket(), last_words, "an agent on this host ended by itself");
            }
            self.bury(folder, failed).await;
            return None;
        }
        Some(Instance {
            id: id(folder.ticket()),
            ticket: Some(folder.ticket()),
            state: if folder.is_stopping() { InstanceState::Stopping } else { InstanceState::Running },
            launched_at: folder.began_at().map(|at| Timestamp(i64::try_from(at.as_millis()).unwrap_or(i64::MAX))),
        })
    }
}

#[async_trait]
impl Provisioner for Process {
    fn kind(&self) -> &'static str {
        "process"
    }

    async fn launch(&self, launches: &[Launch]) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        for launch in launches {
            self.start(launch).await?;
        }
        Ok(())
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<(), Error> {
        let Ok(ticket) = instance.0.parse::<Ticket>() else { return Ok(()) };
        let Some(folder) = self.base.find(ticket) else { return Ok(()) };
        // Not in turn: an agent that takes its time holds up no launch.
        self.end(&folder).await?;
        self.bury(&folder, &mut *self.turn.lock().await).await;
        Ok(())
    }

    async fn instances(&self) -> Result<Vec<Instance>, Error> {
        let mut failed = self.turn.lock().await;
        let mut instances = Vec::new();
        for folder in self.base.folders()? {
            instances.extend(self.look(&folder, &mut failed).await);
        }
        Ok(instances)
    }
}

/// A process is called by its ticket: numbers are used again.
fn id(ticket: Ticket) -> InstanceId {
    InstanceId(ticket.to_string())
}

async fn gone(process: &Identity, within: Duration) -> bool {
    let until = Instant::now() + within;
    while process.is_alive() {
        if Instant::now() >= until {
            return false;
        }
        sleep(GLANCE).await;
    }
    true
}
