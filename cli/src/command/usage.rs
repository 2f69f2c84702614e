//! `usage`: what builds used, and what it cost.

use crate::arguments::duration;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output;
use crate::render::table::{self, Cell};
use crate::render::{Paint, printable};
use buildyard_model::{Clock, Day, SystemClock, Timestamp, UsageBy, UsageGroup, UsageReport};
use clap::ValueEnum;
use std::time::Duration;

/// Show the build time that was used, and its cost. A build counts on the day on which it ended, in UTC; it is billed
/// from the start of its PROVISIONING phase to its end, rounded up to the next minute.
#[derive(Debug, clap::Args)]
pub(crate) struct UsageArgs {
    /// What to group by: project, fleet, compute, environment, image or day
    #[arg(long, default_value = "project", value_name = "WHAT", value_parser = by)]
    by: UsageBy,
    /// The first day, 2026-01-31, or how long ago it is, 30d
    #[arg(long, default_value = "30d", value_name = "DAY|TIME")]
    since: String,
    /// The last day; today when left out
    #[arg(long, value_name = "DAY|TIME")]
    until: Option<String>,
    /// text for people, csv for spreadsheets, json for programs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Csv,
    Json,
}

fn by(text: &str) -> Result<UsageBy, String> {
    let known = || format!("is none of {}", UsageBy::ALL.map(UsageBy::name).join(", "));
    UsageBy::from_name(text).ok_or_else(known)
}

/// Shows the usage.
pub(crate) async fn execute(args: UsageArgs) -> Result<Exit, Failure> {
    let now = SystemClock.now();
    let since = day(&args.since, now)?;
    let until = args.until.map_or_else(|| Ok(Day::of(now)), |text| day(&text, now))?;
    let report = args.connection.connect().await?.usage(args.by, &since, &until).await?;
    match args.output {
        Format::Json => output::line(&report.json)?,
        Format::Csv => output::write(csv(&report.view).as_bytes())?,
        Format::Text => {
            let paint = Paint::of_stream(output::stdout_is_terminal());
            output::write(text(paint, &report.view).as_bytes())?;
        }
    }
    Ok(Exit::Success)
}

/// The day that is meant by itself or by how long ago it is.
fn day(text: &str, now: Timestamp) -> Result<Day, Failure> {
    if let Ok(day) = Day::try_from(text.to_owned()) {
        return Ok(day);
    }
    let ago = duration::parse(text).map_err(|_| {
        Failure::call(format!("{text:?} is no day: write 2026-01-31, or how long ago it is, as in 30d"))
    })?;
    let back = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
    Ok(Day::of(Timestamp(now.0.saturating_sub(back).max(0))))
}

fn text(paint: Paint, report: &UsageReport) -> String {
    let head = report.by.name().to_uppercase();
    let costs = report.total.cost_millionths.is_some();
    let mut heads = vec![head.as_str(), ">BUILDS", ">TIME", ">MINUTES"];
    if costs {
        heads.extend([">COST", ""]);
    }
    let total = UsageGroup { name: "total".to_owned(), ..report.total.clone() };
    let rows: Vec<Vec<Cell>> = report.groups.iter().chain([&total]).map(|group| row(group, report, costs)).collect();
    format!(
        "builds that ended from {} to {} (UTC)\n{}",
        report.since.as_str(),
        report.until.as_str(),
        table::render(paint, &heads, &rows)
    )
}

fn row(group: &UsageGroup, report: &UsageReport, costs: bool) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![
        printable(&group.name).into(),
        group.builds.to_string().into(),
        lasted(Duration::from_millis(group.milliseconds)).into(),
        group.billed_minutes.to_string().into(),
    ];
    if costs {
        let cost = group.cost_millionths.map_or_else(|| "-".to_owned(), money);
        cells.push(printable(&format!("{cost} {}", report.currency)).into());
        let unpriced = group.unpriced_minutes;
        cells.push(if unpriced == 0 { "".into() } else { format!("{unpriced} minutes have no price").into() });
    }
    cells
}

/// `12:03:04`: hours may be many.
fn lasted(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

/// Two digits behind the point, and more where they say something.
fn money(millionths: u64) -> String {
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    let shortest = text.len() - 4;
    let kept = text.trim_end_matches('0').len().max(shortest);
    text[..kept].to_owned()
}

/// By RFC 4180, apart from lines that end as this system's do.
fn csv(report: &UsageReport) -> String {
    let mut text = format!("{},builds,seconds,billed_minutes,cost,unpriced_minutes,currency\n", report.by.name());
    for group in &report.groups {
        let cost = group.cost_millionths.map(money).unwrap_or_default();
        let seconds = format!("{}.{:03}", group.milliseconds / 1000, group.milliseconds % 1000);
        let (builds, minutes, unpriced) = (group.builds, group.billed_minutes, group.unpriced_minutes);
        let (name, currency) = (quoted(&group.name), quoted(&report.currency));
        text.push_str(&format!("{name},{builds},{seconds},{minutes},{cost},{unpriced},{currency}\n"));
    }
    text
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> UsageReport {
        let group = |name: &str, cost| UsageGroup {
            name: name.to_owned(),
            builds: 2,
            milliseconds: 3_725_500,
            billed_minutes: 63,
            cost_millionths: cost,
            unpriced_minutes: if cost.is_some() { 0 } else { 63 },
        };
        UsageReport {
            by: UsageBy::Image,
            since: Day::try_from("2026-01-01".to_owned()).unwrap(),
            until: Day::try_from("2026-01-31".to_owned()).unwrap(),
            currency: "USD".to_owned(),
            groups: vec![group("rust:1", Some(315_000)), group("a,b", None)],
            total: UsageGroup { unpriced_minutes: 63, ..group("", Some(315_000)) },
        }
    }

    #[test]
    fn usage_is_shown_with_its_cost_and_what_has_no_price() {
        let expected = "\
builds that ended from 2026-01-01 to 2026-01-31 (UTC)
IMAGE   BUILDS     TIME  MINUTES       COST
rust:1       2  1:02:05       63  0.315 USD
a,b          2  1:02:05       63      - USD  63 minutes have no price
total        2  1:02:05       63  0.315 USD  63 minutes have no price
";
        assert_eq!(text(Paint::PLAIN, &report()), expected);
    }

    #[test]
    fn usage_goes_into_a_spreadsheet() {
        let expected = "\
image,builds,seconds,billed_minutes,cost,unpriced_minutes,currency
rust:1,2,3725.500,63,0.315,0,USD
\"a,b\",2,3725.500,63,,63,USD
";
        assert_eq!(csv(&report()), expected);
    }

    #[test]
    fn a_day_is_named_or_counted_back() {
        let now = Timestamp(1_767_323_045_000);
        assert_eq!(day("1d", now).unwrap().as_str(), "2026-01-01");
        assert_eq!(day("2025-12-31", now).unwrap().as_str(), "2025-12-31");
        assert!(day("yesterday", now).is_err());
    }

    #[test]
    fn money_has_cents_and_what_else_it_needs() {
        assert_eq!(
            [0, 5_000, 10_000, 1_234_567, 20_000_000].map(money),
            ["0.00", "0.005", "0.01", "1.234567", "20.00"]
        );
    }
}
