//! Waiting builds, running builds and instances over time, one panel a policy, as SVG. Written by hand: three stepped
//! lines and two axes need no library.

use crate::outcome::{Moment, Outcome};
use std::fmt::Write;

const WIDTH: u32 = 1200;
const PANEL: u32 = 220;
const LEFT: u32 = 60;
const RIGHT: u32 = 20;
const TOP: u32 = 34;
const BOTTOM: u32 = 28;
/// Steps that a line has at most; within one, the highest value is drawn.
const COLUMNS: usize = 1120;
const HOUR_MS: i64 = 3_600_000;

type Figure = fn(&Moment) -> u32;
const LINES: [(&str, &str, Figure); 3] = [
    ("waiting", "#c2410c", |moment| moment.waiting),
    ("running", "#2563eb", |moment| moment.running),
    ("instances", "#15803d", |moment| moment.instances),
];

/// The plot of these results, all on the same time and the same scales.
pub fn plot(outcomes: &[Outcome]) -> String {
    let moments = || outcomes.iter().flat_map(|outcome| &outcome.moments);
    let from = moments().map(|moment| moment.at_ms).min().unwrap_or(0);
    let to = moments().map(|moment| moment.at_ms).max().unwrap_or(0).max(from + 1);
    let most = moments().map(|moment| moment.waiting.max(moment.running).max(moment.instances)).max();
    let frame = Frame { from, to, most: round_up(most.unwrap_or(0).max(1)) };
    let panels = u32::try_from(outcomes.len()).unwrap_or(u32::MAX);
    let height = PANEL.saturating_mul(panels);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (at, outcome) in (0..panels).zip(outcomes) {
        frame.panel(&mut svg, at * PANEL, outcome);
    }
    svg.push_str("</svg>\n");
    svg
}

/// What the panels share.
struct Frame {
    from: i64,
    to: i64,
    most: u32,
}

impl Frame {
    fn panel(&self, svg: &mut String, top: u32, outcome: &Outcome) {
        let (upper, lower, right) = (top + TOP, top + PANEL - BOTTOM, WIDTH - RIGHT);
        let name = escaped(&outcome.policy);
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{name}</text>", top + 20);
        for (at, (label, colour, _)) in (0_u32..).zip(LINES) {
            let x = right - 270 + at * 95;
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"3\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{label}</text>",
                top + 15,
                x + 18,
                top + 20
            );
        }
        for part in 0..=4 {
            let value = self.most * part / 4;
            let y = self.y(upper, lower, value);
            let _ = writeln!(
                svg,
                "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#e5e7eb\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" \
                 fill=\"#6b7280\">{value}</text>",
                LEFT - 8,
                y + 4.0
            );
        }
        self.time_axis(svg, upper, lower);
        for (_, colour, figure) in LINES {
            let path = self.path(upper, lower, &outcome.moments, figure);
            let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.2\"/>");
        }
    }

    /// A mark at each midnight, or each hour of a trace of two days or less.
    fn time_axis(&self, svg: &mut String, upper: u32, lower: u32) {
        let hours = (self.to - self.from) / HOUR_MS;
        let step = match hours {
            0..=12 => HOUR_MS,
            13..=48 => 6 * HOUR_MS,
            49..=480 => 24 * HOUR_MS,
            _ => (hours / 12 / 24 + 1) * 24 * HOUR_MS,
        };
        let mut at = (self.from + step - 1).div_euclid(step) * step;
        while at <= self.to {
            let x = self.x(at);
            let label = label(at, step);
            let _ = writeln!(
                svg,
                "<path d=\"M{x:.1} {upper}V{lower}\" stroke=\"#e5e7eb\"/><text x=\"{x:.1}\" y=\"{}\" \
                 text-anchor=\"middle\" fill=\"#6b7280\">{label}</text>",
                lower + 16
            );
            at += step;
        }
    }

    /// Steps: a value holds until the next moment.
    fn path(&self, upper: u32, lower: u32, moments: &[Moment], figure: Figure) -> String {
        let mut highest = vec![0_u32; COLUMNS];
        let ends = moments.iter().skip(1).map(|next| next.at_ms).chain([self.to]);
        for (moment, end) in moments.iter().zip(ends) {
            for value in &mut highest[self.column(moment.at_ms)..=self.column(end)] {
                *value = (*value).max(figure(moment));
            }
        }
        let mut path = String::new();
        let mut before = None;
        for (column, value) in (0_u32..).zip(highest) {
            if before != Some(value) {
                let x = f64::from(LEFT) + f64::from(column) * f64::from(WIDTH - LEFT - RIGHT) / as_float(COLUMNS);
                let y = self.y(upper, lower, value);
                let _ = match before {
                    None => write!(path, "M{x:.1} {y:.1}"),
                    Some(_) => write!(path, "H{x:.1}V{y:.1}"),
                };
                before = Some(value);
            }
        }
        let _ = write!(path, "H{}", WIDTH - RIGHT);
        path
    }

    fn column(&self, at: i64) -> usize {
        let (past, whole) = (at.abs_diff(self.from), self.to.abs_diff(self.from));
        let column = u128::from(past) * COLUMNS as u128 / u128::from(whole.max(1));
        usize::try_from(column).unwrap_or(COLUMNS).min(COLUMNS - 1)
    }

    #[allow(clippy::cast_precision_loss, reason = "pixels")]
    fn x(&self, at: i64) -> f64 {
        let share = (at - self.from) as f64 / (self.to - self.from) as f64;
        f64::from(LEFT) + share * f64::from(WIDTH - LEFT - RIGHT)
    }

    fn y(&self, upper: u32, lower: u32, value: u32) -> f64 {
        f64::from(lower) - f64::from(lower - upper) * f64::from(value) / f64::from(self.most)
    }
}

#[allow(clippy::cast_precision_loss, reason = "small")]
fn as_float(count: usize) -> f64 {
    count as f64
}

/// `Mon 05` at midnight marks, `14:00` at others.
fn label(at_ms: i64, step: i64) -> String {
    let utc = buildyard_model::Timestamp(at_ms).to_utc();
    if step < 24 * HOUR_MS {
        return format!("{:02}:00", utc.hour());
    }
    let day = utc.weekday().to_string();
    format!("{} {:02}", day.get(..3).unwrap_or(&day), utc.day())
}

/// The next number that divides well by four: 4, 8, 12, 20, 40, 60, 80, 100, 200 …
fn round_up(most: u32) -> u32 {
    let mut step = 4_u32;
    loop {
        if let Some(found) = [1_u32, 2, 3, 5].into_iter().find_map(|by| {
            let value = step.saturating_mul(by);
            (value >= most).then_some(value)
        }) {
            return found;
        }
        step = step.saturating_mul(10);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Waits;

    fn outcome(policy: &str) -> Outcome {
        let moment = |at_ms, waiting, running, instances| Moment { at_ms, waiting, running, instances };
        Outcome {
            policy: policy.to_owned(),
            builds: 1,
            wait: Waits::default(),
            instance_hours: 1.0,
            peak_instances: 1,
            launches: 1,
            unfinished: 0,
            moments: vec![moment(0, 1, 0, 1), moment(HOUR_MS, 0, 1, 1), moment(2 * HOUR_MS, 0, 0, 0)],
        }
    }

    #[test]
    fn each_policy_has_its_panel_with_three_lines() {
        let svg = plot(&[outcome("a<b"), outcome("two")]);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains(">a&lt;b<") && svg.contains(">two<") && svg.contains("01:00"));
        assert_eq!(svg.matches("fill=\"none\"").count(), 6);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn nothing_to_draw_is_drawn_too() {
        assert!(plot(&[]).starts_with("<svg "));
        let empty = Outcome { moments: Vec::new(), ..outcome("none") };
        assert!(!plot(&[empty]).contains("NaN"));
    }

    #[test]
    fn scales_end_on_round_numbers() {
        assert_eq!([1, 5, 13, 21, 200, 201].map(round_up), [4, 8, 20, 40, 200, 400]);
    }
}
