//! A week of a team's builds, made up: office hours with a dip at lunch, quiet nights and a quiet weekend, a burst every
//! night, and one afternoon on which a single project queues two hundred.

use crate::random::Random;
use crate::trace::Entry;
use buildyard_model::{ComputeType, EnvironmentType, Resources};

/// Monday, 2026-01-05, 00:00 UTC.
const MONDAY_MS: i64 = 1_767_571_200_000;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// Builds in the busiest hour.
const BUSIEST: f64 = 110.0;
/// By hour of a working day, UTC, in parts of the busiest.
const OFFICE: [f64; 24] = [
    0.02, 0.02, 0.02, 0.02, 0.02, 0.03, 0.10, 0.35, 0.70, 0.95, 1.00, 0.90, 0.45, 0.75, 1.00, 0.95, 0.80, 0.50, 0.25,
    0.12, 0.08, 0.05, 0.03, 0.02,
];
const WEEKEND: f64 = 0.03;
/// Projects with their part of the builds, in percent, and how long theirs take, by median in seconds.
const PROJECTS: [(&str, u64, u64); 10] = [
    ("web", 22, 210),
    ("api", 18, 260),
    ("lint", 16, 35),
    ("mobile", 9, 480),
    ("docs", 9, 60),
    ("billing", 8, 300),
    ("search", 7, 390),
    ("infra", 5, 120),
    ("data", 4, 700),
    ("release", 2, 900),
];
const NIGHTLY_AT: u64 = 2 * HOUR_MS;
const NIGHTLY: usize = 40;
/// Wednesday, 14:20.
const STORM_AT: u64 = 2 * DAY_MS + 14 * HOUR_MS + 20 * 60_000;
const STORM: usize = 200;

/// The week for a seed, in the order of submission; the same seed gives the same week.
pub fn week(seed: u64) -> Vec<Entry> {
    let mut random = Random::new(seed);
    let mut entries = Vec::new();
    let mut at = 0;
    loop {
        at += random.gap(BUSIEST);
        if at >= 7 * DAY_MS {
            break;
        }
        // Of a stream that is always at its busiest, as many are kept as the hour has.
        if random.share() < share_at(at) {
            let (project, median_s) = project(&mut random);
            entries.push(entry(&mut random, at, project, median_s));
        }
    }
    for day in 0..7 {
        burst(&mut random, &mut entries, day * DAY_MS + NIGHTLY_AT, NIGHTLY, 2 * 60_000, None);
    }
    burst(&mut random, &mut entries, STORM_AT, STORM, 5 * 60_000, Some(("monorepo", 180)));
    entries.sort_by_key(|entry| entry.submitted_at_ms);
    entries
}

fn share_at(at: u64) -> f64 {
    let (day, hour) = (at / DAY_MS, at % DAY_MS / HOUR_MS);
    let hour = usize::try_from(hour).unwrap_or(0);
    if day < 5 { OFFICE[hour] } else { WEEKEND }
}

fn burst(
    random: &mut Random,
    entries: &mut Vec<Entry>,
    from: u64,
    count: usize,
    within_ms: u64,
    of: Option<(&'static str, u64)>,
) {
    for _ in 0..count {
        let at = from + random.next() % within_ms;
        let (project, median_s) = of.unwrap_or_else(|| project(random));
        entries.push(entry(random, at, project, median_s));
    }
}

fn project(random: &mut Random) -> (&'static str, u64) {
    let mut left = random.next() % 100;
    for (project, part, median_s) in PROJECTS {
        if left < part {
            return (project, median_s);
        }
        left -= part;
    }
    (PROJECTS[0].0, PROJECTS[0].2)
}

fn entry(random: &mut Random, at: u64, project: &str, median_s: u64) -> Entry {
    let size = if median_s >= 400 { ComputeType::Medium } else { ComputeType::Small };
    let Resources { vcpu, memory_mib } = size.resources(EnvironmentType::LinuxContainer);
    Entry {
        submitted_at_ms: MONDAY_MS.saturating_add_unsigned(at),
        project: project.to_owned(),
        duration_ms: random.around(median_s * 1000, 0.45),
        vcpu,
        memory_mib,
        image: format!("registry/{project}:latest"),
        priority: 0,
        fleet: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_week() {
        let one = week(1);
        assert_eq!(one, week(1));
        assert_ne!(one, week(2));
        assert!((3_000..6_000).contains(&one.len()), "{}", one.len());
    }

    #[test]
    fn the_week_has_its_lunch_its_night_and_its_storm() {
        let week = week(1);
        let between = |from: u64, to: u64| {
            let at = |entry: &Entry| entry.submitted_at_ms.abs_diff(MONDAY_MS);
            week.iter().filter(|entry| (from..to).contains(&at(entry))).count()
        };
        let hour = |day: u64, hour: u64| between(day * DAY_MS + hour * HOUR_MS, day * DAY_MS + (hour + 1) * HOUR_MS);
        assert!(hour(0, 12) < hour(0, 10) && hour(0, 12) < hour(0, 14));
        assert!(hour(6, 2) >= NIGHTLY && hour(6, 4) < 15);
        assert!(between(STORM_AT, STORM_AT + 300_000) >= STORM);
    }
}
