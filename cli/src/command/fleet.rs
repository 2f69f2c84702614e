//! `fleet`: what another size of the fleet would have been worth.

mod record;
mod simulate;

use crate::exit::Exit;
use crate::failure::Failure;
use clap::Subcommand;

/// Try scaling policies on a week of builds, recorded or made up.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FleetArgs {
    #[command(subcommand)]
    action: Action,
}

const EXAMPLES: &str = "\
Examples:
  buildyard fleet record --since 7d > trace.jsonl
  buildyard fleet simulate --trace trace.jsonl --policy default --policy mine.toml
  buildyard fleet simulate --generate week:1 --policy default --policy reactive --svg week.svg";

#[derive(Debug, Subcommand)]
enum Action {
    /// Replay builds through queue, placement and scaling in virtual time, once per policy
    Simulate(Box<simulate::SimulateArgs>),
    /// Write the fleet's finished builds as a trace, one JSON document a line
    Record(record::RecordArgs),
}

/// Does what is asked.
pub(crate) async fn execute(args: FleetArgs) -> Result<Exit, Failure> {
    match args.action {
        Action::Simulate(args) => simulate::execute(*args).await,
        Action::Record(args) => record::execute(args).await,
    }
}
