//! Agents wherever the user's own program launches them: `PROGRAM launch`, `PROGRAM terminate`, `PROGRAM instances`, each
//! with one JSON document on standard input. What they say is `document`'s. Invariant: a program that does not end within
//! its deadline is killed with all that it started.

mod document;
#[cfg(test)]
mod tests;

use crate::owner::Owner;
use crate::provisioner::{Error, Instance, Launch, Provisioner};
use crate::text::one_line;
use async_trait::async_trait;
use buildyard_model::InstanceId;
use document::{Instances, LaunchRequest, Listed, TerminateRequest, Whose};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The exit code that says: it will not work until somebody changes something.
const REFUSED: i32 = 3;
/// Of an answer.
const ANSWER_BYTES: u64 = 16 << 20;
/// Of what a program says about its troubles.
const ERROR_BYTES: u64 = 64 << 10;

/// The user's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSettings {
    pub program: PathBuf,
    /// Before the verb.
    pub arguments: Vec<String>,
    /// Added to its environment, which is the coordinator's.
    pub environment: BTreeMap<String, String>,
    /// How long a call may take.
    pub within: Duration,
}

impl CommandSettings {
    /// A program that gets a minute for each call.
    pub fn new(program: PathBuf) -> Self {
        Self { program, arguments: Vec::new(), environment: BTreeMap::new(), within: Duration::from_secs(60) }
    }
}

/// One fleet's agents, launched by a program.
#[derive(Debug)]
pub struct UserCommand {
    settings: CommandSettings,
    owner: Owner,
}

impl UserCommand {
    /// Nothing is called yet.
    pub fn new(settings: CommandSettings, owner: Owner) -> Self {
        Self { settings, owner }
    }

    fn whose(&self) -> Whose<'_> {
        Whose { version: document::VERSION, coordinator: &self.owner.coordinator, fleet: self.owner.fleet.as_str() }
    }

    async fn call(&self, verb: &str, request: &impl Serialize) -> Result<Vec<u8>, Error> {
        let called = format!("`{} {verb}`", self.settings.program.display());
        let input = serde_json::to_vec(request).map_err(|error| Error::Unavailable(format!("{called}: {error}")))?;
        let mut command = Command::new(&self.settings.program);
        command.args(&self.settings.arguments).arg(verb).envs(&self.settings.environment);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            let text = format!("{called} cannot be started: {error}");
            match error.kind() {
                ErrorKind::NotFound | ErrorKind::PermissionDenied => {
                    Error::Refused(format!("{text}; set the provisioner's program"))
                }
                _ => Error::Unavailable(text),
            }
        })?;
        let group = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        let within = self.settings.within;
        let Ok(ended) = timeout(within, converse(&mut child, &input)).await else {
            // Not reaped yet, so the number is still its own.
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            return Err(Error::Unavailable(format!("{called} did not end within {within:?} and was killed")));
        };
        verdict(&called, ended.map_err(|error| Error::Unavailable(format!("{called}: {error}")))?)
    }
}

#[async_trait]
impl Provisioner for UserCommand {
    fn kind(&self) -> &'static str {
        "command"
    }

    async fn launch(&self, launches: &[Launch]) -> Result<(), Error> {
        let request = LaunchRequest::of(self.whose(), launches)?;
        self.call("launch", &request).await.map(|_| ())
    }

    async fn terminate(&self, instance: &InstanceId) -> Result<(), Error> {
        let request = TerminateRequest { whose: self.whose(), instance: &instance.0 };
        self.call("terminate", &request).await.map(|_| ())
    }

    async fn instances(&self) -> Result<Vec<Instance>, Error> {
        let answer = self.call("instances", &self.whose()).await?;
        let instances: Instances = serde_json::from_slice(&answer).map_err(|error| {
            Error::Refused(format!(
                "`{} instances` printed something that is not {{\"instances\": [{{\"id\": …}}]}}: {error}",
                self.settings.program.display()
            ))
        })?;
        Ok(instances.instances.into_iter().map(Listed::instance).collect())
    }
}

/// Feeds it and reads it, as far as there is room, until it has ended.
async fn converse(child: &mut Child, input: &[u8]) -> std::io::Result<Output> {
    let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let Some(stdin) = &mut stdin {
            // A program need not read what it does not need.
            let _ = stdin.write_all(input).await;
        }
        drop(stdin);
    };
    let ((), stdout, stderr) = tokio::join!(feed, read(stdout, ANSWER_BYTES), read(stderr, ERROR_BYTES));
    Ok(Output { status: child.wait().await?, stdout: stdout?, stderr: stderr? })
}

async fn read(from: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let (mut kept, Some(mut from)) = (Vec::new(), from) else { return Ok(Vec::new()) };
    (&mut from).take(limit).read_to_end(&mut kept).await?;
    // The rest goes nowhere, but the program shall not wait for room.
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    Ok(kept)
}

fn verdict(called: &str, ended: Output) -> Result<Vec<u8>, Error> {
    if ended.status.success() {
        return Ok(ended.stdout);
    }
    let said = one_line(&String::from_utf8_lossy(&ended.stderr));
    let text = format!("{called} failed ({}): {said}", ended.status);
    Err(if ended.status.code() == Some(REFUSED) { Error::Refused(text) } else { Error::Unavailable(text) })
}
