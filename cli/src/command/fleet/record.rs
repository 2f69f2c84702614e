//! `fleet record`: the finished builds as a trace. A build's duration there is from when an agent had it to its end, so
//! its wait is left out: that is what is simulated.

use crate::arguments::duration;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output;
use buildyard_model::{BuildView, Clock, ComputeType, EnvironmentType, Phase, Resources, SystemClock, Timestamp};
use buildyard_simulator::{Entry, write};
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RecordArgs {
    /// Builds submitted within this time until now
    #[arg(long, default_value = "7d", value_parser = duration::parse, value_name = "DURATION")]
    since: Duration,
    /// Only of this project
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLES: &str = "\
Builds that ended without an agent, and builds that have not ended, are left out.

Examples:
  buildyard fleet record > trace.jsonl
  buildyard fleet record --since 30d --project redis > redis.jsonl";

/// Writes the trace to standard output.
pub(super) async fn execute(args: RecordArgs) -> Result<Exit, Failure> {
    let fleet = args.connection.connect().await?;
    let from = Timestamp(SystemClock.now().0.saturating_sub(i64::try_from(args.since.as_millis()).unwrap_or(i64::MAX)));
    let builds = fleet.list_since(args.project.as_deref(), from).await?;
    let mut entries: Vec<Entry> = builds.iter().filter_map(|build| entry(&build.view)).collect();
    entries.sort_by_key(|entry| entry.submitted_at_ms);
    output::write(write(&entries).as_bytes())?;
    let left_out = builds.len() - entries.len();
    match entries.len() {
        0 => output::note("no builds ended on an agent in that time: give a longer --since"),
        count if left_out > 0 => {
            output::note(&format!("{count} builds; {left_out} that did not end on an agent are left out"));
        }
        count => output::note(&format!("{count} builds")),
    }
    Ok(Exit::Success)
}

fn entry(view: &BuildView) -> Option<Entry> {
    view.agent.as_ref()?;
    let queued = view.phases.iter().rfind(|phase| phase.phase_type == Phase::Queued)?;
    let (begun, ended) = (queued.end_time?, view.end_time?);
    // A coordinator of an earlier version does not tell: CodeBuild's smallest.
    let smallest = || ComputeType::Small.resources(EnvironmentType::LinuxContainer);
    let Resources { vcpu, memory_mib } = view.resources.unwrap_or_else(smallest);
    Some(Entry {
        submitted_at_ms: view.start_time.0,
        project: view.project.to_string(),
        duration_ms: u64::try_from(ended.since(begun).as_millis()).unwrap_or(u64::MAX),
        vcpu,
        memory_mib,
        image: view.image.clone(),
        priority: view.priority,
        fleet: view.fleet.as_ref().map(ToString::to_string),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_finished_build_is_recorded_with_all_that_the_queue_goes_by() {
        let view = BuildView { priority: 4, fleet: Some("linux".parse().unwrap()), ..sample::finished_build() };
        let entry = entry(&view).unwrap();
        assert_eq!((entry.priority, entry.fleet.as_deref()), (4, Some("linux")));
        assert_eq!((entry.submitted_at_ms, entry.vcpu), (view.start_time.0, 2));
        assert!(super::entry(&sample::running_build()).is_none(), "it has not ended");
    }
}
