//! `agent`: the daemon of a build host, from its configuration file.

use crate::all_in_one::this_program;
use crate::command::daemon::DaemonArgs;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::follow::interrupt;
use buildyard_agent::{Agent, AgentConfig};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

/// Run the agent of a build host. It only dials out; SIGTERM drains it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AgentArgs {
    #[command(flatten)]
    daemon: DaemonArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard agent --config /etc/buildyard/agent.toml --check
  buildyard agent --config /etc/buildyard/agent.toml";

/// Runs until it is told to end: the first signal drains, the second leaves builds running and ends at once.
pub(crate) async fn execute(args: AgentArgs) -> Result<Exit, Failure> {
    let args = args.daemon;
    args.log.start("info")?;
    let config = AgentConfig::load(&args.config).map_err(|error| Failure::call(error.to_string()))?;
    if args.check {
        return args.right();
    }
    let mut interrupts = interrupt::signals()?;
    let agent = Agent::start(config, this_program()?, CancellationToken::new())
        .await
        .map_err(|error| Failure::service(format!("the agent cannot start: {}", chain(&error))))?;
    DaemonArgs::ready();
    let control = agent.control();
    let signalled = async move {
        interrupts.next().await;
        tracing::info!("finishing the builds that run; a second signal leaves them running and ends at once");
        control.drain();
        interrupts.next().await;
        control.abort();
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = agent.join() => ended,
        () = signalled => Ok(()),
    };
    ended.map(|()| Exit::Success).map_err(|error| Failure::service(chain(&error)))
}
