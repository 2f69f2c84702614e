//! `fleet simulate`: what each policy would have made of the same builds.

use crate::arguments::duration;
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::output::{self, Format, OutputArgs};
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed};
use buildyard_model::{FleetName, Resources};
use buildyard_scheduler::scaling::{Policy, PolicyDocument};
use buildyard_simulator::{Entry, Launches, Outcome, Planner, parse, plot, simulate, week};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("builds").required(true).args(["trace", "generate"])))]
pub(super) struct SimulateArgs {
    /// The builds: a trace of `buildyard fleet record`
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Or a made-up week, `week` or `week:SEED`: office hours, a burst each night, a storm of one project
    #[arg(long, value_name = "WEEK", value_parser = seed)]
    generate: Option<u64>,
    /// `default`, `reactive`, or a TOML file with the keys of the coordinator's [fleets.NAME]; repeatable
    #[arg(long = "policy", value_name = "POLICY", default_values = ["default", "reactive"])]
    policies: Vec<String>,
    /// Only builds that named this fleet; `on-demand` for those that named none
    #[arg(long, value_name = "NAME")]
    fleet: Option<String>,
    /// Builds at once on one instance, where the policy does not say
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..), value_name = "COUNT")]
    slots: u32,
    /// CPUs of one instance, where the policy does not say
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..), value_name = "COUNT")]
    vcpu: u32,
    /// Memory of one instance in MiB, where the policy does not say
    #[arg(long, default_value_t = 16_384, value_parser = clap::value_parser!(u64).range(1..), value_name = "MIB")]
    memory_mib: u64,
    /// From the request for an instance to its agent's first word, the middle one
    #[arg(long, default_value = "45s", value_parser = duration::parse, value_name = "DURATION")]
    launch_time: Duration,
    /// Of a hundred launches, how many never join
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=99), value_name = "PERCENT")]
    lost_launches: u32,
    /// What an instance costs in an hour
    #[arg(long, default_value_t = 0.0, value_parser = price, value_name = "PRICE")]
    price: f64,
    /// Draw waiting builds, running builds and instances over time
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "\
Builds are put in order and placed, and the fleet is planned, by the coordinator's own code, in virtual time. A week takes
seconds. Where the builds named several fleets, each fleet is simulated by itself, with each policy; that builds overflow
from one into another is left out.

Examples:
  buildyard fleet simulate --generate week
  buildyard fleet simulate --generate week:7 --price 0.10 --svg week.svg
  buildyard fleet simulate --trace trace.jsonl --policy default --policy mine.toml --output json

A policy file:
  max = 12
  idle = \"5m\"
  warm_slots = 2
  schedules = [{ days = \"mon-fri\", from = \"07:00\", to = \"19:00\", min = 2 }]";

/// Simulates and prints.
pub(super) async fn execute(args: SimulateArgs) -> Result<Exit, Failure> {
    let planners = args.policies.iter().map(|name| planner(name, &args)).collect::<Result<Vec<_>, _>>()?;
    let fleets = fleets(builds(&args)?, args.fleet.as_deref())?;
    let launches = Launches { median: args.launch_time, lost_percent: args.lost_launches, ..Launches::default() };
    // Minutes of computing, on a long trace: not on the runtime's own threads.
    let simulated = tokio::task::spawn_blocking(move || -> Vec<(String, Outcome)> {
        let several = fleets.len() > 1;
        let pairs = fleets.iter().flat_map(|fleet| planners.iter().map(move |planner| (fleet, planner)));
        let one = |((fleet, trace), (name, planner)): ((&String, &Vec<Entry>), &(String, Planner))| {
            let name = if several { format!("{fleet}: {name}") } else { name.clone() };
            (fleet.clone(), simulate(trace, &name, planner, &launches))
        };
        pairs.map(one).collect()
    });
    let simulated = simulated.await.map_err(|error| Failure::service(format!("the simulation failed: {error}")))?;
    let (fleets, outcomes): (Vec<String>, Vec<Outcome>) = simulated.into_iter().unzip();
    if let Some(path) = &args.svg {
        std::fs::write(path, plot(&outcomes)).map_err(Failure::file("write", path))?;
    }
    match args.output.output {
        Format::Json => {
            let mut results = fleets.iter().zip(&outcomes);
            results.try_for_each(|(fleet, outcome)| output::line(json(fleet, outcome, args.price)?.to_string()))?;
        }
        Format::Text => {
            let paint = Paint::of_stream(output::stdout_is_terminal());
            output::write(text(paint, &outcomes, args.price).as_bytes())?;
        }
    }
    Ok(Exit::Success)
}

fn builds(args: &SimulateArgs) -> Result<Vec<Entry>, Failure> {
    match (&args.trace, args.generate) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).map_err(Failure::file("read", path))?;
            parse(&text).map_err(|error| Failure::call(format!("trace {}: {error}", path.display())))
        }
        (None, seed) => Ok(week(seed.unwrap_or(1))),
    }
}

/// The builds by the fleet that they named, or those of one fleet alone.
fn fleets(builds: Vec<Entry>, only: Option<&str>) -> Result<BTreeMap<String, Vec<Entry>>, Failure> {
    let mut fleets: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for build in builds {
        let fleet = build.fleet.clone().unwrap_or_else(|| FleetName::on_demand().to_string());
        fleets.entry(fleet).or_default().push(build);
    }
    if let Some(only) = only {
        let none = || Failure::call(format!("no build of the trace named fleet {only:?}"));
        let builds = fleets.remove(only).ok_or_else(none)?;
        return Ok(BTreeMap::from([(only.to_owned(), builds)]));
    }
    Ok(fleets)
}

fn planner(name: &str, args: &SimulateArgs) -> Result<(String, Planner), Failure> {
    let resources = Resources { vcpu: args.vcpu, memory_mib: args.memory_mib };
    let usual = Policy { slots: args.slots, resources, ..Policy::default() };
    let planner = match name {
        "default" => Planner::Scaling(usual),
        "reactive" => Planner::Reactive(usual),
        file => {
            let path = Path::new(file);
            let policy = read(path, &usual).map_err(|error| Failure::call(failure::chain(&error)))?;
            Planner::Scaling(policy)
        }
    };
    Ok((name.to_owned(), planner))
}

fn read(path: &Path, usual: &Policy) -> Result<Policy, buildyard_config::ConfigError> {
    let text = buildyard_config::read(path)?;
    let document: PolicyDocument = buildyard_config::parse(path, &text)?;
    let written = document.policy("").map_err(|error| error.located(path, &text))?;
    let resources = Resources {
        vcpu: document.vcpu.unwrap_or(usual.resources.vcpu),
        memory_mib: document.memory.map_or(usual.resources.memory_mib, buildyard_config::ByteSize::as_mib),
    };
    Ok(Policy { slots: document.slots.unwrap_or(usual.slots), resources, ..written })
}

fn seed(text: &str) -> Result<u64, String> {
    let bad = || format!("{text:?} is no week: write week, or week:SEED with a whole number");
    match text.strip_prefix("week").ok_or_else(bad)? {
        "" => Ok(1),
        rest => rest.strip_prefix(':').and_then(|seed| seed.parse().ok()).ok_or_else(bad),
    }
}

fn price(text: &str) -> Result<f64, String> {
    let price = text.parse::<f64>().ok().filter(|price| price.is_finite() && *price >= 0.0);
    price.ok_or_else(|| format!("{text:?} is no price: write a number, as in 0.10"))
}

fn json(fleet: &str, outcome: &Outcome, price: f64) -> Result<serde_json::Value, Failure> {
    let mut document = serde_json::to_value(outcome)
        .map_err(|error| Failure::service(format!("a result cannot be written: {error}")))?;
    document["fleet"] = fleet.into();
    document["cost"] = outcome.cost(price).into();
    Ok(document)
}

fn text(paint: Paint, outcomes: &[Outcome], price: f64) -> String {
    let wait = |ms: u64| elapsed::of(Duration::from_millis(ms));
    let row = |outcome: &Outcome| -> Vec<Cell> {
        vec![
            outcome.policy.as_str().into(),
            outcome.builds.to_string().into(),
            wait(outcome.wait.p50_ms).into(),
            wait(outcome.wait.p95_ms).into(),
            wait(outcome.wait.p99_ms).into(),
            wait(outcome.wait.max_ms).into(),
            format!("{:.1}", outcome.instance_hours).into(),
            format!("{:.2}", outcome.cost(price)).into(),
            outcome.peak_instances.to_string().into(),
            outcome.launches.to_string().into(),
        ]
    };
    let heads =
        ["POLICY", ">BUILDS", ">WAIT P50", ">P95", ">P99", ">MAX", ">INSTANCE-HOURS", ">COST", ">PEAK", ">LAUNCHES"];
    let rows: Vec<Vec<Cell>> = outcomes.iter().map(row).collect();
    let mut text = table::render(paint, &heads, &rows);
    for outcome in outcomes.iter().filter(|outcome| outcome.unfinished > 0) {
        let (policy, count) = (&outcome.policy, outcome.unfinished);
        text += &format!("{policy}: {count} builds never ran; is max 0, or do all launches fail?\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_simulator::Waits;

    #[test]
    fn a_week_has_a_seed() {
        assert_eq!((seed("week"), seed("week:7")), (Ok(1), Ok(7)));
        for bad in ["", "month", "week7", "week:", "week:-1", "week:x"] {
            assert!(seed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_fleet_that_builds_named_is_simulated_by_itself() {
        let mut trace = week(1);
        trace.truncate(4);
        trace[1].fleet = Some("linux".to_owned());
        trace[3].fleet = Some("on-demand".to_owned());
        let found = fleets(trace.clone(), None).ok().unwrap();
        let counts: Vec<(&str, usize)> = found.iter().map(|(fleet, builds)| (fleet.as_str(), builds.len())).collect();
        assert_eq!(counts, [("linux", 1), ("on-demand", 3)]);
        assert_eq!(fleets(trace.clone(), Some("linux")).ok().unwrap().len(), 1);
        assert!(fleets(trace, Some("other")).is_err());
    }

    #[test]
    fn a_price_is_a_number() {
        assert_eq!(price("0.10"), Ok(0.10));
        assert!(["-1", "NaN", "inf", "x"].iter().all(|bad| price(bad).is_err()));
    }

    #[test]
    fn the_table_compares_policies() {
        let outcome = Outcome {
            policy: "default".to_owned(),
            builds: 4200,
            wait: Waits { p50_ms: 0, p95_ms: 45_100, p99_ms: 601_000, max_ms: 800_000 },
            instance_hours: 300.5,
            peak_instances: 10,
            launches: 300,
            unfinished: 2,
            moments: Vec::new(),
        };
        let expected = "\
POLICY   BUILDS  WAIT P50     P95          P99          MAX  INSTANCE-HOURS   COST  PEAK  LAUNCHES
default    4200     0.0 s  45.1 s  10 min 01 s  13 min 20 s           300.5  30.05    10       300
default: 2 builds never ran; is max 0, or do all launches fail?
";
        assert_eq!(text(Paint::PLAIN, &[outcome], 0.10), expected);
    }
}
