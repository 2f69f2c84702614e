//! `agents`: who builds, and who shall not for a while or any more.

mod list;
mod standing;

use crate::arguments::duration;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output::OutputArgs;
use clap::Subcommand;
use std::time::Duration;

/// List the agents, or take one out of service and back.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AgentsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Give an agent no new builds, and leave everything else as it is
    Cordon(ReasonedArgs),
    /// Give an agent no new builds and take back what it was offered; those that it runs end as they would
    Drain(DrainArgs),
    /// Give a drained or cordoned agent builds again
    Undrain(NameArgs),
    /// Forget an agent and its credential
    Remove(RemoveArgs),
}

#[derive(Debug, clap::Args)]
struct NameArgs {
    /// The agent's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, clap::Args)]
struct ReasonedArgs {
    #[command(flatten)]
    agent: NameArgs,
    /// Why, for those who look at the agents or wonder why a build waits
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct DrainArgs {
    #[command(flatten)]
    reasoned: ReasonedArgs,
    /// Take the builds that it still has from it after so long. Those of which no command has begun are queued again,
    /// the others end as FAULT
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    within: Option<Duration>,
    /// Wait until it has no builds any more
    #[arg(long)]
    wait: bool,
}

#[derive(Debug, clap::Args)]
struct RemoveArgs {
    #[command(flatten)]
    reasoned: ReasonedArgs,
    /// Also while it has builds: they are taken from it as those of a lost agent
    #[arg(long)]
    force: bool,
}

/// Lists the agents or changes one.
pub(crate) async fn execute(args: AgentsArgs) -> Result<Exit, Failure> {
    match args.action {
        None => list::execute(args.output.output, &args.connection).await,
        Some(Action::Cordon(args)) => standing::cordon(args).await,
        Some(Action::Drain(args)) => standing::drain(args).await,
        Some(Action::Undrain(args)) => standing::undrain(args).await,
        Some(Action::Remove(args)) => standing::remove(args).await,
    }
}
