//! `why`: why a build is where it is, what would let it start, and when it is expected to.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output::{self, Format, OutputArgs};
use crate::render::{elapsed, printable};
use buildyard_model::{Clock, EstimateScore, StartEstimate, SystemClock, Timestamp, WhyView};

/// Say why a build waits, what would let it start, and when it is expected to.
#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// The build's id, or as much of it as names one build only
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Says it.
pub(crate) async fn execute(args: WhyArgs) -> Result<Exit, Failure> {
    let why = args.connection.connect().await?.why(&args.id).await?;
    match args.output.output {
        Format::Json => output::line(&why.json)?,
        Format::Text => output::write(text(&why.view, SystemClock.now()).as_bytes())?,
    }
    Ok(Exit::Success)
}

fn text(why: &WhyView, now: Timestamp) -> String {
    let state = if why.waits { "waits".to_owned() } else { format!("{}, {}", why.build_status, why.current_phase) };
    let mut fields = vec![
        ("build", why.build.to_string()),
        ("status", format!("{state} since {} ({})", why.since.to_rfc3339(), elapsed::ago(now.since(why.since)))),
        ("why", printable(&why.text)),
    ];
    let names = std::iter::once("needs").chain(std::iter::repeat(""));
    fields.extend(names.zip(why.unblocks.iter().map(|way| printable(way))));
    if why.waits {
        let start = why.estimate.map_or_else(
            || "nobody can say: no build of the kind has ended yet, or no agent takes it".to_owned(),
            |estimate| expected(&estimate, now),
        );
        fields.push(("start", start));
        fields.extend(why.score.map(|score| ("estimates", scored(&score))));
    }
    fields.iter().map(|(name, value)| format!("{name:<9} {value}\n")).collect()
}

fn expected(estimate: &StartEstimate, now: Timestamp) -> String {
    let within = |at: Timestamp| elapsed::of(at.since(now));
    let from = match estimate.from_builds {
        0 => String::new(),
        1 => ", from 1 build of late".to_owned(),
        many => format!(", from {many} builds of late"),
    };
    let (earliest, latest) = (within(estimate.earliest), within(estimate.latest));
    format!("in {}; in 8 of 10 cases between {earliest} and {latest}{from}", within(estimate.expected))
}

fn scored(score: &EstimateScore) -> String {
    let error = elapsed::of(std::time::Duration::from_millis(score.median_error_millis));
    format!(
        "of the last {}, {} % kept to their band; half were wrong by less than {error}",
        score.scored, score.inside_percent
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use std::time::Duration;

    #[test]
    fn a_wait_is_told_with_its_remedy_and_its_end() {
        let now = sample::START.plus(Duration::from_secs(12));
        let after = |seconds| now.plus(Duration::from_secs(seconds));
        let build = sample::finished_build();
        let mut why = WhyView {
            build: build.id,
            build_status: build.build_status,
            current_phase: build.current_phase,
            waits: true,
            since: sample::START,
            text: "agent a is full; 1 build waits before this one".to_owned(),
            reasons: Vec::new(),
            unblocks: vec!["a build that ends there".to_owned(), "a higher priority".to_owned()],
            estimate: Some(StartEstimate {
                earliest: after(60),
                expected: after(125),
                latest: after(200),
                from_builds: 50,
            }),
            score: Some(EstimateScore { scored: 20, inside_percent: 85, median_error_millis: 3200 }),
        };
        let expected = "\
build     redis:00000000-0000-0000-0000-000000000007
status    waits since 2026-01-02T03:04:05.000Z (12 s ago)
why       agent a is full; 1 build waits before this one
needs     a build that ends there
          a higher priority
start     in 2 min 05 s; in 8 of 10 cases between 1 min 00 s and 3 min 20 s, from 50 builds of late
estimates of the last 20, 85 % kept to their band; half were wrong by less than 3.2 s
";
        assert_eq!(text(&why, now), expected);
        (why.waits, why.unblocks, why.text) = (false, Vec::new(), "it ended as SUCCEEDED on agent host-1".to_owned());
        let expected = "\
build     redis:00000000-0000-0000-0000-000000000007
status    SUCCEEDED, COMPLETED since 2026-01-02T03:04:05.000Z (12 s ago)
why       it ended as SUCCEEDED on agent host-1
";
        assert_eq!(text(&why, now), expected);
    }
}
