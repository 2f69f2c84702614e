//! The command line: one enum of commands, global help, and the parsers of values that several commands take.

pub(crate) mod artifacts;
pub(crate) mod buildspec;
pub(crate) mod duration;
pub(crate) mod environment;
pub(crate) mod executor;
pub(crate) mod secondary;
pub(crate) mod variable;

use crate::command;
use clap::{Parser, Subcommand};

/// CodeBuild's builds on your own hosts.
#[derive(Debug, Parser)]
#[command(name = "buildyard", version, max_term_width = 110, after_help = EXAMPLES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  buildyard run                                  build this folder here and now
  buildyard up                                   coordinator, storage and one agent on this host
  . ~/.local/share/buildyard/credentials.env     let the commands below, and `aws`, find it
  buildyard start --source . --follow            build this folder on the fleet
  buildyard builds; buildyard logs ID --follow   see what runs

Exit codes: 0 done, or the build succeeded; 1 the build failed; 2 the call was wrong;
3 engine, coordinator or connection failed; 130 left with Ctrl-C while the build goes on.";

/// What `buildyard` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a folder here and now, without a fleet
    Run(Box<command::run::RunArgs>),
    /// Run coordinator, storage and one agent on this host
    Up(command::up::UpArgs),
    /// Start a build on the fleet
    Start(Box<command::start::StartArgs>),
    /// Print a build's log
    Logs(command::logs::LogsArgs),
    /// Stop a build
    Stop(command::stop::StopArgs),
    /// List builds, newest first
    Builds(command::builds::BuildsArgs),
    /// Show one build: phases, source, artifacts
    Show(command::show::ShowArgs),
    /// Say why a build waits, what would let it start, and when it is expected to
    Why(command::why::WhyArgs),
    /// List or download what a build made
    Artifacts(command::artifacts::ArtifactsArgs),
    /// List the agents, or take one out of service and back
    Agents(command::agents::AgentsArgs),
    /// Show how the fleets stand and what happened in them; try scaling policies
    Fleet(command::fleet::FleetArgs),
    /// Show the build time that was used, and its cost
    Usage(command::usage::UsageArgs),
    /// Say who may use the AWS endpoint: users, access keys, policies
    Admin(command::admin::AdminArgs),
    /// Run the coordinator: queue, storage and API
    Coordinator(command::coordinator::CoordinatorArgs),
    /// Run the agent of a build host
    Agent(command::agent::AgentArgs),
    /// Walk a build's phases; started by the agent inside the build's container
    #[command(hide = true)]
    Runner(command::runner::RunnerArgs),
}

#[cfg(test)]
mod tests;
