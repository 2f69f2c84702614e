//! `fleet list`: how the fleets stand.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output::{self, Format, OutputArgs};
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed, printable};
use buildyard_model::{Clock, FleetStanding, SystemClock, Timestamp};

/// List the fleets.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Lists them.
pub(super) async fn execute(args: ListArgs) -> Result<Exit, Failure> {
    let fleets = args.connection.connect().await?.fleets().await?;
    if args.output.output == Format::Json {
        fleets.iter().try_for_each(|fleet| output::line(&fleet.json))?;
        return Ok(Exit::Success);
    }
    if fleets.is_empty() {
        output::note(
            "no fleets: give the coordinator's config a [fleets.on-demand], or make one with `aws codebuild create-fleet`",
        );
        return Ok(Exit::Success);
    }
    let paint = Paint::of_stream(output::stdout_is_terminal());
    output::write(
        fleets_table(paint, &fleets.iter().map(|document| &document.view).collect::<Vec<_>>(), SystemClock.now())
            .as_bytes(),
    )?;
    Ok(Exit::Success)
}

fn fleets_table(paint: Paint, fleets: &[&FleetStanding], now: Timestamp) -> String {
    let row = |fleet: &&FleetStanding| -> Vec<Cell> {
        let last = fleet.last_event.as_ref().map(|event| {
            let ago = elapsed::ago(now.since(event.at));
            format!("{} {ago}: {}", event.kind.name(), printable(&event.reason))
        });
        let told = fleet.trouble.as_deref().map(printable).or(last).unwrap_or_default();
        vec![
            fleet.name.to_string().into(),
            printable(fleet.status.as_deref().unwrap_or("-")).into(),
            printable(fleet.provisioner.as_deref().unwrap_or("-")).into(),
            format!("{}-{}", fleet.min, fleet.max).into(),
            fleet.desired.to_string().into(),
            fleet.running.to_string().into(),
            fleet.idle.to_string().into(),
            fleet.pending.to_string().into(),
            fleet.waiting.to_string().into(),
            told.into(),
        ]
    };
    let heads =
        ["FLEET", "STATUS", "PROVISIONER", ">MIN-MAX", ">DESIRED", ">RUNNING", ">IDLE", ">STARTING", ">WAITING", ""];
    table::render(paint, &heads, &fleets.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_fleet_is_shown_with_what_happened_last() {
        let fleet = FleetStanding {
            name: "linux".parse().unwrap(),
            status: Some("ACTIVE".into()),
            provisioner: Some("docker".into()),
            min: 0,
            max: 4,
            desired: 2,
            running: 1,
            idle: 0,
            draining: 0,
            pending: 1,
            waiting: 3,
            last_event: Some(sample::drained()),
            trouble: None,
        };
        let text = fleets_table(Paint::PLAIN, &[&fleet], sample::START);
        let expected = "\
FLEET  STATUS  PROVISIONER  MIN-MAX  DESIRED  RUNNING  IDLE  STARTING  WAITING
linux  ACTIVE  docker           0-4        2        1     0         1        3  DRAINED now: idle for 30 s
";
        assert_eq!(text, expected);
    }
}
