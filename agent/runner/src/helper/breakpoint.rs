//! `codebuild-breakpoint` and `codebuild-resume` (reference 11.4): two ends of a named pipe in the state directory.
//!
//! The pipe is there only in a debug session; without it both programs do nothing.

use super::say;
use crate::environment::STATE_VARIABLE;
use nix::sys::stat::Mode;
use rustix::fs::OFlags;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const PIPE: &str = "resume";
/// Where the state directory is in a container; a debug session's shell does not have the build's variables.
const USUAL_STATE: &str = "/codebuild/output/tmp";

/// Makes breakpoints work for commands and sessions of every user.
pub(crate) fn prepare(state: &Path) -> io::Result<()> {
    let pipe = state.join(PIPE);
    nix::unistd::mkfifo(&pipe, Mode::S_IRUSR)?;
    fs::set_permissions(pipe, Permissions::from_mode(0o666))
}

/// Waits until somebody resumes the build.
pub(super) fn pause() -> super::Result {
    let pipe = pipe();
    if !pipe.exists() {
        return Ok(0);
    }
    say("Build paused at a breakpoint. Open a session in this build's container and run codebuild-resume to go on.");
    // Opening a pipe to read waits for a writer, which is all that a resume is.
    drop(File::open(pipe)?);
    say("Build resumed.");
    Ok(0)
}

/// Lets every waiting breakpoint go on.
pub(super) fn resume() -> super::Result {
    let pipe = pipe();
    if !pipe.exists() {
        return Ok(0);
    }
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::open(&pipe, flags, rustix::fs::Mode::empty()) {
        Ok(_) => Ok(0),
        Err(rustix::io::Errno::NXIO) => Err("no command waits at a breakpoint".into()),
        Err(error) => Err(format!("cannot open {}: {error}", pipe.display()).into()),
    }
}

fn pipe() -> PathBuf {
    std::env::var_os(STATE_VARIABLE).map_or_else(|| PathBuf::from(USUAL_STATE), PathBuf::from).join(PIPE)
}
