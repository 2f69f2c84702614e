//! `agent`: the daemon of a build host, from its configuration file, or from what its launch put into the environment.

use crate::all_in_one::this_program;
use crate::command::daemon::DaemonArgs;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::follow::interrupt;
use crate::logging::LogArgs;
use crate::output;
use buildyard_agent::{Agent, AgentConfig, RunError};
use futures::StreamExt;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Run the agent of a build host. It only dials out; SIGTERM drains it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AgentArgs {
    /// The configuration file; without one, the environment has to name coordinator, join token and agent
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only say whether the configuration is right, and what is wrong with it
    #[arg(long)]
    check: bool,
    /// Only remove what the builds of this agent left outside of its data directory, if it does not live
    #[arg(long, conflicts_with = "check")]
    clear: bool,
    #[command(flatten)]
    log: LogArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard agent --config /etc/buildyard/agent.toml --check
  buildyard agent --config /etc/buildyard/agent.toml";

const NO_CONFIGURATION: &str = "give --config FILE, or set BUILDYARD_COORDINATOR, BUILDYARD_JOIN_TOKEN and \
     BUILDYARD_AGENT_NAME in the environment";

/// Runs until it is told to end. The first signal drains. The second ends at once and leaves builds running, for the next
/// agent process; an agent that was launched has none after it, and kills its builds.
pub(crate) async fn execute(args: AgentArgs) -> Result<Exit, Failure> {
    args.log.start("info")?;
    let config = configuration(&args)?;
    if args.check {
        let named = args.config.as_ref().map_or("the environment".to_owned(), |path| path.display().to_string());
        output::line(format!("{named} is right"))?;
        return Ok(Exit::Success);
    }
    if args.clear {
        let cleared = Agent::clear(&config).await;
        return cleared.map(|()| Exit::Success).map_err(|error| Failure::service(chain(&error)));
    }
    let is_launched = config.launch.is_launched();
    let ephemeral = config.launch.is_ephemeral.then(|| config.data_dir.clone());
    let mut interrupts = interrupt::signals()?;
    let agent = Agent::start(config, this_program()?, CancellationToken::new())
        .await
        .map_err(|error| Failure::service(format!("the agent cannot start: {}", chain(&error))))?;
    DaemonArgs::ready();
    let control = agent.control();
    let signalled = async move {
        interrupts.next().await;
        let then = if is_launched { "kills them" } else { "leaves them running and ends at once" };
        tracing::info!("finishing the builds that run; a second signal {then}");
        control.drain();
        interrupts.next().await;
        if is_launched {
            control.kill_builds();
        } else {
            control.abort();
        }
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = agent.join() => ended,
        () = signalled => Ok(()),
    };
    let is_gone_for_good = matches!(ended, Ok(()) | Err(RunError::Unwanted(_)));
    if let Some(data_dir) = ephemeral.filter(|_| is_gone_for_good) {
        empty(&data_dir);
    }
    match ended {
        Ok(()) => Ok(Exit::Success),
        Err(RunError::Unwanted(reason)) => Err(Failure::Unwanted(reason)),
        Err(error) => Err(Failure::service(chain(&error))),
    }
}

fn configuration(args: &AgentArgs) -> Result<AgentConfig, Failure> {
    let config = match &args.config {
        Some(path) => AgentConfig::load(path),
        None => AgentConfig::from_environment().ok_or_else(|| Failure::call(NO_CONFIGURATION.to_owned()))?,
    };
    config.map_err(|error| Failure::call(error.to_string()))
}

/// Leaves nothing in the data directory. It may be a mount, and so stays itself.
fn empty(data_dir: &Path) {
    for entry in std::fs::read_dir(data_dir).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        let removed = if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_that_is_gone_for_good_leaves_an_empty_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("sources/mirror")).unwrap();
        std::fs::write(folder.path().join("credential"), "x").unwrap();
        empty(folder.path());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
