//! The client commands as processes, against a gRPC door with canned answers and real sockets.

#![expect(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod door;
mod follow;
mod listing;
mod refusal;
mod storage;
mod terminal;
mod transfer;
mod views;

use std::process::Output;
use tokio::process::Command;

/// The program, pointed at a door and nowhere else.
fn buildyard(endpoint: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_buildyard"));
    command.env_clear().env("BUILDYARD_ENDPOINT", endpoint).env("BUILDYARD_TOKEN", door::TOKEN);
    command.stdin(std::process::Stdio::null()).kill_on_drop(true);
    command
}

/// What it wrote to standard output.
fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it wrote to standard error.
fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
