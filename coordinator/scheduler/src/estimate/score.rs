//! Estimates compared with what happened.

use buildyard_model::{BuildId, EstimateScore, StartEstimate, Timestamp};
use std::collections::{HashMap, VecDeque};

/// Estimates that the score is made of.
const KEPT: usize = 200;
/// Estimates whose builds have not started yet; later ones are not scored until some have.
const MOST_OPEN: usize = 10_000;

/// Open estimates, and how good the latest were.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    open: HashMap<BuildId, StartEstimate>,
    /// Whether it was inside, and the error in milliseconds.
    latest: VecDeque<(bool, u64)>,
}

impl Scores {
    /// Notes the first estimate made for the build.
    pub fn note(&mut self, build: &BuildId, estimate: StartEstimate) {
        if self.open.len() < MOST_OPEN {
            self.open.entry(build.clone()).or_insert(estimate);
        }
    }

    /// Whether the build has an estimate that waits for its start.
    pub fn has(&self, build: &BuildId) -> bool {
        self.open.contains_key(build)
    }

    /// The build has been given a slot.
    pub fn started(&mut self, build: &BuildId, now: Timestamp) {
        let Some(estimate) = self.open.remove(build) else { return };
        let inside = (estimate.earliest..=estimate.latest).contains(&now);
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back((inside, now.0.abs_diff(estimate.expected.0)));
    }

    /// The build does not wait any more without having started.
    pub fn forget(&mut self, build: &BuildId) {
        self.open.remove(build);
    }

    /// How good the estimates were; none before the first was scored.
    pub fn score(&self) -> Option<EstimateScore> {
        let mut errors: Vec<u64> = self.latest.iter().map(|(_, error)| *error).collect();
        errors.sort_unstable();
        let median_error_millis = *errors.get(errors.len() / 2)?;
        let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        let inside = self.latest.iter().filter(|(inside, _)| *inside).count();
        Some(EstimateScore {
            scored: count(errors.len()),
            inside_percent: count(inside * 100 / errors.len()),
            median_error_millis,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_start_is_compared_with_the_first_estimate() {
        let mut scores = Scores::default();
        let build = sample::spec().id;
        let estimate = |expected: i64| StartEstimate {
            earliest: Timestamp(expected - 10),
            expected: Timestamp(expected),
            latest: Timestamp(expected + 10),
            from_builds: 3,
        };
        assert_eq!(scores.score(), None);
        scores.note(&build, estimate(100));
        scores.note(&build, estimate(500));
        scores.started(&build, Timestamp(107));
        scores.started(&build, Timestamp(900));
        assert_eq!(scores.score(), Some(EstimateScore { scored: 1, inside_percent: 100, median_error_millis: 7 }));
        scores.note(&build, estimate(100));
        scores.started(&build, Timestamp(140));
        scores.note(&build, estimate(100));
        scores.forget(&build);
        scores.started(&build, Timestamp(100));
        assert_eq!(scores.score(), Some(EstimateScore { scored: 2, inside_percent: 50, median_error_millis: 40 }));
    }
}
