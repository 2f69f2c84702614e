//! What is under deploy/ is installed and started as its users would, and builds something.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod compose;
mod machine;
mod stack;
mod swarm;
mod systemd;

use std::path::PathBuf;
use std::process::Command;

/// A file or folder of the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path).canonicalize().unwrap()
}

/// Runs a command to its end and gives what it printed, which must be text.
fn said(command: &mut Command) -> Result<String, String> {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    if out.status.success() {
        return Ok(text);
    }
    Err(format!("{command:?} ended with {}: {text}{}", out.status, String::from_utf8_lossy(&out.stderr)))
}
