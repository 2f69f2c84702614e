//! `fleet`: how the fleets stand, what happened in them, and what another size would have been worth.

mod history;
mod list;
mod record;
mod simulate;

use crate::exit::Exit;
use crate::failure::Failure;
use clap::Subcommand;

/// Show how the fleets stand and what happened in them; try scaling policies on a week of builds.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FleetArgs {
    #[command(subcommand)]
    action: Action,
}

const EXAMPLES: &str = "\
Examples:
  buildyard fleet list
  buildyard fleet history --fleet on-demand
  buildyard fleet record --since 7d > trace.jsonl
  buildyard fleet simulate --trace trace.jsonl --policy default --policy mine.toml
  buildyard fleet simulate --generate week:1 --policy default --policy reactive --svg week.svg";

#[derive(Debug, Subcommand)]
enum Action {
    /// List the fleets: how many instances there are to be, run, idle and start
    List(list::ListArgs),
    /// Show who was launched, joined, was drained and ended, when and why
    History(history::HistoryArgs),
    /// Replay builds through queue, placement and scaling in virtual time, once per policy
    Simulate(Box<simulate::SimulateArgs>),
    /// Write the fleet's finished builds as a trace, one JSON document a line
    Record(record::RecordArgs),
}

/// Does what is asked.
pub(crate) async fn execute(args: FleetArgs) -> Result<Exit, Failure> {
    match args.action {
        Action::List(args) => list::execute(args).await,
        Action::History(args) => history::execute(args).await,
        Action::Simulate(args) => simulate::execute(*args).await,
        Action::Record(args) => record::execute(args).await,
    }
}
