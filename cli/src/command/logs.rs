//! `logs`: a build's log, once or as it grows.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::{ConnectionArgs, Fleet};
use crate::follow::{self, Followed, OnInterrupt, interrupt};
use crate::log::cursor::{Cursor, Piece};
use crate::output::{self, Format, OutputArgs};
use crate::screen::{self, Screen, ScreenOptions};
use futures::StreamExt;

/// Print a build's log.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LogsArgs {
    /// The build's id, or as much of it as names one build only
    #[arg(value_name = "ID")]
    id: String,
    /// Go on until the build is over
    #[arg(long, short)]
    follow: bool,
    /// Let every escape sequence through to the terminal, not colours only
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard logs 0198c0de --follow
  buildyard logs redis:0198 > build.log        the log's bytes as they are
  buildyard logs 0198c0de --output json        {\"log\":{\"offset\":0,\"text\":\"…\"}} lines";

/// Prints the log.
pub(crate) async fn execute(args: LogsArgs) -> Result<Exit, Failure> {
    let fleet = args.connection.connect().await?;
    let options = ScreenOptions { format: args.output.output, raw: args.raw, phases: args.follow };
    // A screen that draws must not be open while an id is refused.
    let id = fleet.get(&args.id).await?.view.id.to_string();
    let mut screen = screen::open(options);
    if !args.follow {
        let printed = print(&fleet, &id, screen.as_mut()).await;
        return screen.close().and(printed).map(|()| Exit::Success);
    }
    let interrupts = interrupt::signals()?;
    match follow::follow(&fleet, &id, OnInterrupt::Leave, screen.as_mut(), interrupts).await? {
        Followed::Complete(build) => {
            if args.output.output == Format::Text && output::stderr_is_terminal() {
                output::note(&format!("build {id} {}", build.view.build_status));
            }
            Ok(Exit::Success)
        }
        Followed::Left => Ok(Exit::Interrupted),
    }
}

/// Prints what there is.
async fn print(fleet: &Fleet, id: &str, screen: &mut dyn Screen) -> Result<(), Failure> {
    let mut pieces = fleet.read_log(id, 0, false).await?;
    let mut cursor = Cursor::default();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|status| fleet.refusal(&status))?;
        let wanted = cursor.next();
        match cursor.take(piece.offset, &piece.data) {
            Piece::New([]) => {}
            Piece::New(new) => screen.log(wanted, new)?,
            Piece::AfterGap(_, new) | Piece::Restarted(new) => screen.log(piece.offset, new)?,
        }
    }
    Ok(())
}
