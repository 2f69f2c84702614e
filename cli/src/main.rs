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

/// Thousands of sessions make and drop small things on all threads: with glibc's allocator a busy coordinator takes twice
/// the processor time for each build, and a quarter more memory for each agent.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match command::runner::helper() {
        Some(code) => code,
        None => arguments::Arguments::parse().command.execute(),
    }
}
