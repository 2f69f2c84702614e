//! `coordinator`: the service alone, from its configuration file.

use crate::command::daemon::DaemonArgs;
use crate::command::first_start;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::follow::interrupt;
use buildyard_coordinator::{Coordinator, CoordinatorConfig, StartError};
use futures::StreamExt;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What open calls get to end after the first signal.
const GRACE: Duration = Duration::from_secs(10);

/// Run the coordinator: queue, storage and API.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CoordinatorArgs {
    #[command(flatten)]
    daemon: DaemonArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard coordinator --config /etc/buildyard/coordinator.toml --check
  buildyard coordinator --config /etc/buildyard/coordinator.toml";

/// Runs until it is told to end.
pub(crate) async fn execute(args: CoordinatorArgs) -> Result<Exit, Failure> {
    let args = args.daemon;
    args.log.start("info")?;
    let config = CoordinatorConfig::load(&args.config).map_err(|error| Failure::call(error.to_string()))?;
    if args.check {
        Coordinator::check(&config).await.map_err(|error| Failure::call(crate::failure::chain(&error)))?;
        return args.right();
    }
    let mut interrupts = interrupt::signals()?;
    let shutdown = CancellationToken::new();
    let coordinator = Coordinator::start(&config, &shutdown).await.map_err(cannot_start)?;
    first_start::tell(&coordinator);
    DaemonArgs::ready();
    let exit = tokio::select! {
        _ = interrupts.next() => Exit::Success,
        // A door failed, or the records cannot be written; the reason is logged.
        () = shutdown.cancelled() => Exit::EngineFailed,
    };
    shutdown.cancel();
    tokio::select! {
        () = coordinator.join() => {}
        _ = interrupts.next() => {}
        () = tokio::time::sleep(GRACE) => {}
    }
    Ok(exit)
}

/// What is wrong with the call is the caller's to mend; everything else is the host's.
pub(crate) fn cannot_start(error: StartError) -> Failure {
    match error {
        StartError::Config(error) => Failure::call(error.to_string()),
        other => Failure::service(format!("the coordinator cannot start: {}", crate::failure::chain(&other))),
    }
}
