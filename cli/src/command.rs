//! One file per subcommand: its arguments with their help, and what it does. Here is only who runs how.

pub(crate) mod admin;
pub(crate) mod agent;
pub(crate) mod agents;
pub(crate) mod artifacts;
pub(crate) mod builds;
pub(crate) mod coordinator;
pub(crate) mod daemon;
mod first_start;
pub(crate) mod fleet;
pub(crate) mod logs;
pub(crate) mod run;
pub(crate) mod runner;
pub(crate) mod show;
pub(crate) mod start;
pub(crate) mod stop;
pub(crate) mod up;
pub(crate) mod usage;
pub(crate) mod why;

use crate::arguments::Command;
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::output;
use std::process::ExitCode;

impl Command {
    /// Runs the command. The runner lives inside a build's container and stays without a runtime and its threads.
    pub(crate) fn execute(self) -> ExitCode {
        if let Self::Runner(args) = &self {
            return runner::execute(args);
        }
        match self.in_runtime() {
            Ok(exit) => exit.into(),
            Err(failure) => {
                if !matches!(failure, Failure::OutputClosed) {
                    output::note(&format!("buildyard: {}", failure::chain(&failure)));
                }
                failure.exit().into()
            }
        }
    }

    fn in_runtime(self) -> Result<Exit, Failure> {
        // Two crates bring a cryptography provider each; the process must name one. One named before is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::service(format!("cannot start threads: {error}")))?;
        let ended = runtime.block_on(self.answer());
        // A slow name look-up may not keep the program alive.
        runtime.shutdown_background();
        ended
    }

    async fn answer(self) -> Result<Exit, Failure> {
        match self {
            Self::Run(args) => run::execute(*args).await,
            Self::Up(args) => up::execute(args).await,
            Self::Start(args) => start::execute(*args).await,
            Self::Logs(args) => logs::execute(args).await,
            Self::Stop(args) => stop::execute(args).await,
            Self::Builds(args) => builds::execute(args).await,
            Self::Show(args) => show::execute(args).await,
            Self::Why(args) => why::execute(args).await,
            Self::Artifacts(args) => artifacts::execute(args).await,
            Self::Agents(args) => agents::execute(args).await,
            Self::Fleet(args) => fleet::execute(args).await,
            Self::Usage(args) => usage::execute(args).await,
            Self::Admin(args) => admin::execute(args).await,
            Self::Coordinator(args) => coordinator::execute(args).await,
            Self::Agent(args) => agent::execute(args).await,
            Self::Runner(_) => Err(Failure::service("the runner was started inside the runtime")),
        }
    }
}
