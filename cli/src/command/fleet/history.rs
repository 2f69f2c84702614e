//! `fleet history`: what happened in the fleets, and why.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output::{self, Format, OutputArgs};
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed, printable};
use buildyard_model::{Clock, FleetEvent, SystemClock, Timestamp};

/// Show what happened.
#[derive(Debug, clap::Args)]
pub(super) struct HistoryArgs {
    /// Of this fleet only; `on-demand` is that of builds which name none
    #[arg(long, value_name = "NAME")]
    fleet: Option<String>,
    /// The newest so many
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=5000))]
    limit: u32,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Shows it, oldest first.
pub(super) async fn execute(args: HistoryArgs) -> Result<Exit, Failure> {
    let events = args.connection.connect().await?.fleet_history(args.fleet.as_deref(), args.limit).await?;
    if args.output.output == Format::Json {
        events.iter().try_for_each(|event| output::line(&event.json))?;
        return Ok(Exit::Success);
    }
    let paint = Paint::of_stream(output::stdout_is_terminal());
    output::write(
        events_table(paint, &events.iter().map(|document| &document.view).collect::<Vec<_>>(), SystemClock.now())
            .as_bytes(),
    )?;
    Ok(Exit::Success)
}

fn events_table(paint: Paint, events: &[&FleetEvent], now: Timestamp) -> String {
    let row = |event: &&FleetEvent| -> Vec<Cell> {
        let builds = match (event.builds, event.taken_back) {
            (builds, 0) => builds.to_string(),
            (builds, taken) => format!("{builds}, {taken} taken back"),
        };
        vec![
            elapsed::ago(now.since(event.at)).into(),
            event.fleet.to_string().into(),
            event.kind.name().into(),
            event.agent.as_ref().map(ToString::to_string).unwrap_or_default().into(),
            builds.into(),
            printable(&event.reason).into(),
        ]
    };
    table::render(
        paint,
        &[">WHEN", "FLEET", "WHAT", "AGENT", ">BUILDS", "WHY"],
        &events.iter().map(row).collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn an_event_is_shown_with_the_builds_that_were_there() {
        let text = events_table(Paint::PLAIN, &[&sample::drained()], sample::START);
        let expected = "\
WHEN  FLEET  WHAT     AGENT           BUILDS  WHY
 now  linux  DRAINED  linux-1  1, 1 taken back  idle for 30 s
";
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&text), squeezed(expected));
    }
}
