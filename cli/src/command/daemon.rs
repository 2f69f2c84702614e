//! What the commands that run a service from a configuration file have in common: their arguments, and `--check`.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::output;
use std::path::PathBuf;

/// The arguments of a daemon with a file.
#[derive(Debug, clap::Args)]
pub(crate) struct DaemonArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Only say whether the file is right, and what is wrong with it
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

impl DaemonArgs {
    /// Tells the service manager that the program does its work; nothing where none started it.
    pub(crate) fn ready() {
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
            tracing::warn!(%error, "the service manager cannot be told that this program is ready");
        }
    }

    /// The answer of `--check` when nothing is wrong.
    pub(crate) fn right(&self) -> Result<Exit, Failure> {
        output::line(format!("{} is right", self.config.display()))?;
        Ok(Exit::Success)
    }
}
