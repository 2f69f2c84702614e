//! Runs commands one after the other as CodeBuild's "one shell" does (reference 1.9, 1.10): each in a process of its
//! own, with directory and exported variables carried from one to the next.
//!
//! Owns the files of the state directory: `script.sh`, `env.sh`, `directory`. Leaves processes and output to
//! [`crate::command`]. Invariant: between two commands everything that the next one will see is in those files and in
//! this value, except secrets on the host executor, whose state directory may lie on a disk.

mod saved;
mod script;

pub(crate) use saved::Saved;

use crate::access;
use crate::command::{End, Launch, Supervisor};
use crate::environment::{Variables, export_lines, stamp};
use crate::failure::Failure;
use crate::git::Store;
use crate::log::Log;
use crate::programs::Programs;
use crate::user::{self, Account};
use buildspec::Version;
use buildyard_buildspec as buildspec;
use rustix::fs::MemfdFlags;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Above the descriptors that scripts use by number, and those that shells take for themselves.
const SAVE_DESCRIPTOR: i32 = 99;

/// The shell of one build.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) settings: Settings,
    /// What the first command began with; what every command begins with in version 0.1.
    initial: Variables,
    variables: Variables,
    directory: PathBuf,
    /// 1 until a command fails.
    pub(crate) succeeding: bool,
    last_exit: i32,
    /// Whether users other than root were given access to the source.
    opened: bool,
    /// For git commands; gone with the shell.
    git: Option<Store>,
}

/// What does not change during a build.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) version: Version,
    pub(crate) program: buildspec::Shell,
    pub(crate) source: PathBuf,
    /// The folder around all sources: what a `run-as` user gets to see of the build. The source, when there is none.
    pub(crate) workspace: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) programs: Programs,
    pub(crate) in_container: bool,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With this status; 128 + n for signal n.
    Exited(i32),
    /// It could not be started, for this reason.
    NotStarted(String),
}

impl Outcome {
    /// Why it failed: `exit status 1` or a sentence; nothing when it did not.
    pub(crate) fn failure(&self) -> Option<String> {
        match self {
            Self::Exited(0) => None,
            Self::Exited(status) => Some(format!("exit status {status}")),
            Self::NotStarted(reason) => Some(reason.clone()),
        }
    }
}

impl Shell {
    /// A shell before its first command.
    pub(crate) fn new(settings: Settings, initial: Variables, git: Option<Store>) -> Self {
        let directory = settings.source.clone();
        let variables = initial.clone();
        Self { settings, initial, variables, directory, succeeding: true, last_exit: 0, opened: false, git }
    }

    /// The variables as the last command left them.
    pub(crate) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Runs one command of the build and keeps what it leaves behind.
    pub(crate) fn run(
        &mut self,
        command: &str,
        run_as: Option<&str>,
        supervisor: &mut Supervisor,
        log: &mut Log,
    ) -> Result<Outcome, Failure> {
        let keeps = self.settings.version == Version::V0_2;
        let (outcome, saved) = self.execute(command, run_as, keeps, supervisor, log)?;
        if let Some(saved) = saved {
            (self.variables, self.directory) = (saved.variables, saved.directory);
        } else if keeps && matches!(outcome, Outcome::Exited(0)) {
            log.line("The command's environment was not kept: it replaced its shell, or its variables are too large")?;
        }
        self.last_exit = match outcome {
            Outcome::Exited(status) => status,
            Outcome::NotStarted(_) => 127,
        };
        self.succeeding &= outcome.failure().is_none();
        Ok(outcome)
    }

    /// Expands `text` as the build's shell would between double quotes, without keeping anything else of it. The
    /// first line counts.
    pub(crate) fn expand(
        &mut self,
        text: &str,
        supervisor: &mut Supervisor,
        log: &mut Log,
    ) -> Result<Option<String>, Failure> {
        const NAME: &str = "BUILDYARD_EXPANDED";
        let command = format!("IFS= read -r {NAME} <<BUILDYARD_END_OF_TEXT\n{text}\nBUILDYARD_END_OF_TEXT\n");
        let (_, saved) = self.execute(&command, None, true, supervisor, log)?;
        let value = saved.and_then(|saved| saved.variables.get(OsStr::new(NAME)).cloned());
        Ok(value.map(|value| value.to_string_lossy().into_owned()))
    }

    fn execute(
        &mut self,
        command: &str,
        run_as: Option<&str>,
        keeps: bool,
        supervisor: &mut Supervisor,
        log: &mut Log,
    ) -> Result<(Outcome, Option<Saved>), Failure> {
        let account = match run_as.map(user::resolve).transpose() {
            Ok(account) => account.flatten(),
            Err(reason) => return Ok((Outcome::NotStarted(reason), None)),
        };
        if account.is_some() && !self.opened {
            // In a container every folder is the build's own.
            let top = if self.settings.in_container { Path::new("/") } else { &self.settings.workspace };
            access::open_tree(&self.settings.source, top, self.settings.in_container);
            self.opened = true;
        }
        self.git.as_ref().map_or(Ok(()), |git| git.give(account.as_ref()))?;
        self.write_state(log)?;
        let memory = keeps.then(memory).transpose()?;
        let descriptor = memory.as_ref().map(AsRawFd::as_raw_fd);
        let script = self.write_script(command, descriptor, account.as_ref())?;
        let launch = self.launch(&script, account.as_ref(), memory.as_ref());
        let end = match launch {
            Ok(launch) => supervisor.run(&launch, log)?,
            Err(reason) => return Ok((Outcome::NotStarted(reason), None)),
        };
        match end {
            End::Exited(status) => Ok((Outcome::Exited(status), memory.and_then(read_memory))),
            End::NotStarted(error) => Ok((Outcome::NotStarted(not_started(&error)), None)),
        }
    }

    fn write_script(
        &self,
        command: &str,
        descriptor: Option<i32>,
        account: Option<&Account>,
    ) -> Result<PathBuf, Failure> {
        let program = self.settings.programs.save_environment();
        let save = descriptor.map(|descriptor| script::Save { program: &program, descriptor });
        let directory = if self.settings.version == Version::V0_1 { &self.settings.source } else { &self.directory };
        let path = self.settings.state.join("script.sh");
        // A new file each time: an earlier shell that lives on in the background may still be reading the old one.
        let result = replace(&path, &script::text(directory, command, save), account);
        result.map_err(|error| Failure::state(path.display(), error))?;
        Ok(path)
    }

    /// Puts the variables and the directory into files, for people in a debug session and for what may come to carry
    /// a build on elsewhere.
    fn write_state(&mut self, log: &Log) -> Result<(), Failure> {
        if self.settings.version == Version::V0_1 {
            self.variables.clone_from(&self.initial);
        }
        stamp(&mut self.variables, self.succeeding, self.last_exit);
        let open = self.settings.in_container;
        let masker = log.masker();
        let lines = export_lines(&self.variables, |_, value| {
            let text = value.to_string_lossy();
            open || masker.mask_text(&text) == text
        });
        let write = |name: &str, bytes: &[u8]| {
            let path = self.settings.state.join(name);
            replace(&path, bytes, None).map_err(|error| Failure::state(path.display(), error))
        };
        write("env.sh", &lines)?;
        write("directory", self.directory.as_os_str().as_encoded_bytes())
    }

    fn launch<'a>(
        &self,
        script: &Path,
        account: Option<&Account>,
        memory: Option<&'a OwnedFd>,
    ) -> Result<Launch<'a>, String> {
        let mut argv: Vec<OsString> = Vec::new();
        if let Some(account) = account {
            argv.push(self.settings.programs.run_as().into());
            argv.extend(account.arguments());
            let reached = [self.settings.workspace.as_path(), &self.settings.state, self.settings.programs.binary()];
            argv.extend(reached.map(OsString::from));
            argv.push("--".into());
        }
        argv.push(self.program()?.into());
        argv.push(script.into());
        let directory = self.previous_directory();
        let mut variables = self.variables.clone();
        variables.insert("PWD".into(), directory.clone().into());
        Ok(Launch { argv, variables, directory, inherited: memory })
    }

    /// The shell goes to the saved directory by itself; where it comes from becomes its `cd -`.
    fn previous_directory(&self) -> PathBuf {
        let previous = self.variables.get(OsStr::new("OLDPWD")).map(PathBuf::from);
        previous.filter(|path| path.is_absolute() && path.is_dir()).unwrap_or_else(|| "/".into())
    }

    fn program(&self) -> Result<PathBuf, String> {
        match self.settings.program {
            buildspec::Shell::Sh => Ok("/bin/sh".into()),
            buildspec::Shell::Bash => {
                let path = self.variables.get(OsStr::new("PATH")).cloned().unwrap_or_default();
                let mut candidates = std::env::split_paths(&path).map(|folder| folder.join("bash"));
                candidates.find(|file| file.is_file()).ok_or_else(|| {
                    "env.shell asks for bash, and there is no bash in PATH; install it in the image or use sh"
                        .to_owned()
                })
            }
        }
    }
}

fn not_started(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::TOOBIG.raw_os_error() => {
            "cannot start the shell: the environment variables are larger than Linux allows".to_owned()
        }
        Some(code) if code == rustix::io::Errno::NOENT.raw_os_error() => {
            "cannot start the shell: /bin/sh does not exist in this image".to_owned()
        }
        _ => format!("cannot start the shell: {error}"),
    }
}

/// A file in memory into which a command's last state is written: secrets reach no disk.
fn memory() -> Result<OwnedFd, Failure> {
    let low = rustix::fs::memfd_create("buildyard-environment", MemfdFlags::CLOEXEC);
    let file = low.and_then(|low| rustix::io::fcntl_dupfd_cloexec(low, SAVE_DESCRIPTOR));
    file.map_err(|error| Failure::state("a file in memory", error))
}

fn read_memory(memory: OwnedFd) -> Option<Saved> {
    let mut bytes = Vec::new();
    let mut file = File::from(memory);
    file.rewind().ok()?;
    file.take(saved::MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Saved::decode(&bytes)
}

/// Writes a file anew, for its owner alone.
fn replace(path: &Path, bytes: &[u8], owner: Option<&Account>) -> io::Result<()> {
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    if let Some(owner) = owner {
        owner.give(&file)?;
    }
    file.write_all(bytes)?;
    fs::rename(&fresh, path)
}
