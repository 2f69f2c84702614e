//! Starts a program with nothing of the agent's: not its environment, descriptors, session or life.
//!
//! The session comes from `setsid(1)`, which turns into the program itself, with the same pid: making one between fork
//! and exec needs `unsafe`. The extra exec costs less than a millisecond and takes the terminal away, at which a
//! background `git` would otherwise wait for a password for ever. Without it, a process group has to do.

use super::process::{self, MARK};
use super::record::Order;
use crate::sandbox::{ExecutorError, Exit, SandboxId};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How programs are started on this host.
#[derive(Debug)]
pub(super) struct Launcher {
    setsid: Option<PathBuf>,
}

impl Launcher {
    pub(super) fn find() -> Self {
        let setsid = ["/usr/bin/setsid", "/bin/setsid"].map(PathBuf::from).into_iter().find(|path| is_program(path));
        if setsid.is_none() {
            tracing::warn!("setsid is not on this host: builds keep the agent's terminal; install util-linux");
        }
        Self { setsid }
    }

    /// Starts it in its folder, which is made when it is not there, as container engines do.
    pub(super) fn launch(&self, order: &Order, id: &SandboxId, home: &Path) -> Result<Child, ExecutorError> {
        let refused = |why: String| ExecutorError::Refused(format!("sandbox {} cannot be started: {why}", id.0));
        let Some((program, arguments)) = order.command.split_first() else {
            return Err(refused("it has no command".to_owned()));
        };
        // setsid would report this by an exit code that looks like the program's.
        if !is_program(Path::new(program)) {
            return Err(refused(format!("{program} is no program on this host")));
        }
        let folder = &order.working_directory;
        std::fs::create_dir_all(folder)
            .map_err(|error| refused(format!("its folder {}: {error}", folder.display())))?;
        let mut command = self.command(program);
        command.args(arguments).current_dir(folder);
        command.env_clear().env("PATH", SEARCH_PATH).env("HOME", home).env("LANG", "C.UTF-8");
        command.envs(&order.environment).env(MARK, &id.0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|error| refused(error.to_string()))
    }

    fn command(&self, program: &str) -> Command {
        match &self.setsid {
            Some(setsid) => {
                let mut command = Command::new(setsid);
                command.arg(program);
                command
            }
            None => {
                let mut command = Command::new(program);
                command.process_group(0);
                command
            }
        }
    }
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Waits for a child's end and reaps it.
pub(super) async fn wait(child: &mut Child) -> Result<Exit, ExecutorError> {
    process::readable(process::open_child(child.id())?).await?;
    let status =
        child.wait().map_err(|error| ExecutorError::Failed(format!("reaping process {}: {error}", child.id())))?;
    Ok(Exit { code: code(status), out_of_memory: false })
}

/// As shells count: 128 + n for signal n.
fn code(status: ExitStatus) -> Option<i64> {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).map(i64::from)
}
