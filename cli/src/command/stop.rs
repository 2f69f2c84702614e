//! `stop`: ends a build.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output::{self, Format, OutputArgs};

/// Stop a build. Repeatable: a build that is over stays as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct StopArgs {
    /// The build's id, or as much of it as names one build only
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Asks the build to stop and says what became of it.
pub(crate) async fn execute(args: StopArgs) -> Result<Exit, Failure> {
    let fleet = args.connection.connect().await?;
    let build = fleet.stop(&args.id).await?;
    match args.output.output {
        Format::Json => output::line(&build.json)?,
        Format::Text if build.view.build_complete => {
            output::line(format!("{} {}", build.view.id, build.view.build_status))?;
        }
        Format::Text => output::line(format!("{} is stopping", build.view.id))?,
    }
    Ok(Exit::Success)
}
