//! `runner`: inside a build's container, and the helper programs that a build finds there under their own names.

use buildyard_runner::Start;
use std::path::PathBuf;
use std::process::ExitCode;

/// Walk a build's phases.
#[derive(Debug, clap::Args)]
pub(crate) struct RunnerArgs {
    /// The control directory: the plan is read there, the journal written
    #[arg(long, value_name = "DIR")]
    control: PathBuf,
    /// Wait until the plan is there
    #[arg(long)]
    wait: bool,
}

/// Walks the plan. Its exit code is the runner's own word to the agent, not one of ours.
pub(crate) fn execute(args: &RunnerArgs) -> ExitCode {
    let start = if args.wait { Start::WhenPlanned } else { Start::Now };
    code(buildyard_runner::run(&args.control, start))
}

/// Runs the helper program that this process was called as (`codebuild-…`), if it was.
pub(crate) fn helper() -> Option<ExitCode> {
    let mut words = std::env::args_os();
    let name = PathBuf::from(words.next()?).file_name()?.to_str()?.to_owned();
    buildyard_runner::helper(&name, &words.collect::<Vec<_>>()).map(code)
}

fn code(number: i32) -> ExitCode {
    ExitCode::from(u8::try_from(number).unwrap_or(u8::MAX))
}
