//! The daemons' own messages: to standard error, filtered by `--log-level` or RUST_LOG.

use crate::failure::Failure;
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// What log lines look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The flags of every command that runs a service.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct LogArgs {
    /// What to log on standard error: error, warn, info, debug, trace, or a filter such as
    /// `info,buildyard_agent=debug`
    #[arg(long, env = "RUST_LOG", value_name = "FILTER")]
    log_level: Option<String>,
    /// How log lines look
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log_format: LogFormat,
}

impl LogArgs {
    /// Begins to log. `quiet` is the filter when the user gave none.
    pub(crate) fn start(&self, quiet: &str) -> Result<(), Failure> {
        // The S3 library logs each object that is not there as an error; for its callers that is an answer.
        let quiet = format!("{quiet},s3s=off");
        let text = self.log_level.as_deref().filter(|text| !text.is_empty()).unwrap_or(&quiet);
        let filter = EnvFilter::try_new(text)
            .map_err(|error| Failure::call(format!("log filter {text:?} is not valid: {error}")))?;
        let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        let begun = match self.log_format {
            LogFormat::Text => lines.with_ansi(crate::output::stderr_is_terminal()).try_init(),
            LogFormat::Json => lines.json().try_init(),
        };
        begun.map_err(|error| Failure::service(format!("cannot begin to log: {error}")))
    }
}
