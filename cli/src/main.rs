//! The `buildyard` command: parses, dispatches, prints. What it starts lives in the coordinator, agent and runner
//! crates; what it owns is the command line, the terminal and the exit codes.

mod all_in_one;
mod arguments;
mod aws_profile;
mod claim;
mod command;
mod conclusion;
mod download;
mod exit;
mod failure;
mod fleet;
mod follow;
mod log;
mod logging;
mod output;
mod render;
mod retry;
#[cfg(test)]
mod sample;
mod screen;
mod secrets_file;
mod source;
mod standard_image;
mod transfer;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match command::runner::helper() {
        Some(code) => code,
        None => arguments::Arguments::parse().command.execute(),
    }
}
