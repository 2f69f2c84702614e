//! Runs git: a clean environment, its own process group, no terminal, bounded output, ended when dropped.

use super::context::Context;
use super::failure::Failure;
use super::progress::Progress;
use super::remote::Remote;
use super::settings;
use crate::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// The longest answer that is read: a listing of some hundred thousand refs.
const ANSWER_BYTES: usize = 64 << 20;
/// Where programs are when the agent's own `PATH` is not passed on.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// One run of git.
pub(crate) struct Call<'a> {
    arguments: Vec<OsString>,
    remote: Option<&'a Remote>,
    protocol: &'static str,
}

impl<'a> Call<'a> {
    /// A command in a repository.
    pub(crate) fn within<S: AsRef<OsStr>>(git_directory: &Path, arguments: impl IntoIterator<Item = S>) -> Self {
        let mut option = OsString::from("--git-dir=");
        option.push(git_directory);
        let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned());
        Self { arguments: std::iter::once(option).chain(arguments).collect(), remote: None, protocol: "" }
    }

    /// A command in no repository.
    pub(crate) fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        Self { arguments, remote: None, protocol: "" }
    }

    /// Lets it reach one remote by one protocol.
    pub(crate) fn reaching(mut self, remote: &'a Remote) -> Self {
        self.protocol = remote.protocol();
        self.remote = Some(remote);
        self
    }

    /// Lets it read another repository of this host: a mirror.
    pub(crate) fn reading_mirror(mut self) -> Self {
        self.protocol = "file";
        self
    }

    fn command(&self, context: &Context<'_>) -> Command {
        let options = context.options;
        let mut command = Command::new(&options.git);
        command.args(&self.arguments).env_clear().env("PATH", PATH).envs(options.environment.iter().cloned());
        command
            .env("HOME", settings::home(&options.state))
            .env("XDG_CONFIG_HOME", settings::home(&options.state))
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", settings::file(&options.state))
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_PROTOCOL_FROM_USER", "0")
            .env("GIT_ALLOW_PROTOCOL", self.protocol)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(remote) = self.remote {
            set_remote(&mut command, context, remote);
        }
        command
    }
}

/// Settings that only this run may have: pinned addresses and credentials.
fn set_remote(command: &mut Command, context: &Context<'_>, remote: &Remote) {
    let mut config = remote.config();
    if let Some(credentials) = context.credential_settings(remote.url()) {
        config.extend(credentials.config);
        command.envs(credentials.environment);
    }
    command.env("GIT_CONFIG_COUNT", config.len().to_string());
    for (index, (key, value)) in config.iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    if let Some(ssh) = remote.ssh_command() {
        command.env("GIT_SSH_COMMAND", ssh).env("GIT_SSH_VARIANT", "ssh");
    }
}

/// Ends git and everything it started. Armed until git has been waited for.
struct Group {
    child: Child,
    ended: bool,
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(id) = self.child.id().filter(|_| !self.ended).and_then(|id| i32::try_from(id).ok()) else { return };
        // Its children would go on writing into the mirror otherwise.
        let group = nix::unistd::Pid::from_raw(id);
        if let Err(error) = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL) {
            tracing::debug!(%error, "git was gone already");
        }
    }
}

/// What a run of git that succeeded left.
pub(crate) struct Output {
    /// Its standard output.
    pub(crate) answer: Vec<u8>,
    /// The end of its messages, redacted: it may have complained and gone on.
    pub(crate) said: String,
}

/// Runs git and answers what it wrote; its messages go to the log, less what would flood it.
pub(crate) async fn run(context: &Context<'_>, call: Call<'_>) -> Result<Output, Failure> {
    let program = &context.options.git;
    let child = call.command(context).kill_on_drop(true).spawn().map_err(|source| {
        tracing::error!(error = %source, "cannot run git");
        Failure::Broken(Error::File { path: program.clone(), source })
    })?;
    let mut group = Group { child, ended: false };
    let (stdout, stderr) = (group.child.stdout.take(), group.child.stderr.take());
    let mut progress = Progress::new(Instant::now());
    let (answer, ()) = tokio::join!(read_answer(stdout), follow(context, stderr, &mut progress));
    let status = group.child.wait().await.map_err(|source| Error::File { path: program.clone(), source })?;
    group.ended = true;
    let answer = answer?;
    let said = context.redactor.line(&progress.into_text());
    if status.success() {
        Ok(Output { answer, said })
    } else {
        Err(Failure::Said(if said.is_empty() { format!("git ended with {status}") } else { said }))
    }
}

async fn read_answer(stdout: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, Failure> {
    let mut answer = Vec::new();
    if let Some(stdout) = stdout {
        let mut stdout = stdout.take(ANSWER_BYTES as u64 + 1);
        stdout.read_to_end(&mut answer).await.map_err(Error::file("git"))?;
    }
    if answer.len() > ANSWER_BYTES {
        return Err(Failure::Said(format!("git answered more than {ANSWER_BYTES} bytes")));
    }
    Ok(answer)
}

async fn follow(context: &Context<'_>, stderr: Option<impl AsyncRead + Unpin>, progress: &mut Progress) {
    let Some(mut stderr) = stderr else { return };
    let mut buffer = vec![0; 8192];
    // An error here means the same as the end: git is gone, and its status tells how.
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        for line in progress.feed(buffer.get(..count).unwrap_or_default(), Instant::now()) {
            context.log(context.redactor.line(&line));
        }
    }
}
