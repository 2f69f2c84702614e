//! `builds`: the newest builds.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output::{self, Format, OutputArgs};
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed};
use buildyard_model::{BuildView, Clock, SystemClock, Timestamp};

/// List builds, newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BuildsArgs {
    /// Only of this project
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// How many
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..), value_name = "COUNT")]
    limit: u32,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard builds --project redis -n 5
  buildyard builds --output json | jq -r 'select(.buildStatus == \"FAILED\") | .id'";

/// Lists the builds.
pub(crate) async fn execute(args: BuildsArgs) -> Result<Exit, Failure> {
    let fleet = args.connection.connect().await?;
    let builds = fleet.list(args.project.as_deref(), args.limit).await?;
    if args.output.output == Format::Json {
        builds.iter().try_for_each(|build| output::line(&build.json))?;
        return Ok(Exit::Success);
    }
    if builds.is_empty() {
        output::note("no builds yet: begin with `buildyard start --source DIR --follow`");
        return Ok(Exit::Success);
    }
    let views: Vec<&BuildView> = builds.iter().map(|build| &build.view).collect();
    let paint = Paint::of_stream(output::stdout_is_terminal());
    output::write(table(paint, &views, SystemClock.now()).as_bytes())?;
    Ok(Exit::Success)
}

fn table(paint: Paint, builds: &[&BuildView], now: Timestamp) -> String {
    let rows: Vec<Vec<Cell>> = builds.iter().map(|view| row(view, now)).collect();
    table::render(paint, &["BUILD", ">NO", "STATUS", "PHASE", ">TIME", ">STARTED", "AGENT"], &rows)
}

fn row(view: &BuildView, now: Timestamp) -> Vec<Cell> {
    vec![
        view.id.to_string().into(),
        view.build_number.to_string().into(),
        Cell::toned(view.build_status.to_string(), view.build_status),
        if view.build_complete { Cell::from("") } else { view.current_phase.name().into() },
        elapsed::of(view.end_time.unwrap_or(now).since(view.start_time)).into(),
        elapsed::ago(now.since(view.start_time)).into(),
        view.agent.as_ref().map(ToString::to_string).unwrap_or_default().into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_table_shows_what_runs_and_what_ended() {
        let (running, finished) = (sample::running_build(), sample::finished_build());
        let text = table(Paint::PLAIN, &[&running, &finished], Timestamp(sample::START.0 + 600_000));
        let expected = "\
BUILD                                       NO  STATUS       PHASE         TIME     STARTED  AGENT
redis:00000000-0000-0000-0000-000000000007   3  IN_PROGRESS  BUILD  10 min 00 s  10 min ago  host-1
redis:00000000-0000-0000-0000-000000000007   3  SUCCEEDED            1 min 14 s  10 min ago  host-1
";
        assert_eq!(text, expected);
    }
}
