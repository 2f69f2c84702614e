//! The table of figures.

use std::time::Duration;

/// One line: what was measured, beside its baseline and what is to be reached.
#[derive(Debug)]
struct Row {
    figure: &'static str,
    measured: String,
    baseline: String,
    reach: &'static str,
    reached: bool,
}

/// What was measured so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn add(
        &mut self,
        figure: &'static str,
        measured: String,
        baseline: String,
        reach: &'static str,
        reached: bool,
    ) {
        eprintln!("  {figure}: {measured} (baseline {baseline}; reach {reach})");
        self.rows.push(Row { figure, measured, baseline, reach, reached });
    }

    pub(crate) fn print(&self) {
        println!("| figure | measured | baseline | reach | |\n|---|---|---|---|---|");
        for row in &self.rows {
            let verdict = if row.reached { "reached" } else { "not reached" };
            println!("| {} | {} | {} | {} | {verdict} |", row.figure, row.measured, row.baseline, row.reach);
        }
    }
}

/// The middle of several.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// The `at`-th hundredth of some times.
pub(crate) fn percentile(times: &mut [Duration], at: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * at / 100]
}
