//! Agents on which builds fail through no fault of their own (reliability F66): a broken disk or engine ends one build
//! after the other, and as it is always free again it would draw in the whole queue. Such an agent rests for a while.

use buildyard_model::Timestamp;
use std::time::Duration;

/// So many builds in a row that ended in FAULT before a command of theirs began,
const FAULTS: u32 = 5;
/// within this time, let an agent rest
const WITHIN: Duration = Duration::from_secs(60);
/// for so long at first, and twice as long each further time
const FIRST_REST: Duration = Duration::from_secs(60);
/// up to this.
const LONGEST_REST: Duration = Duration::from_secs(600);

/// How a build left its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A command of the user began: the agent can run builds.
    Ran,
    /// It ended in FAULT before that.
    Faulted,
}

/// One agent's record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// When the faults in a row were, latest last; at most [`FAULTS`].
    faults: Vec<Timestamp>,
    /// Rests since a build ran there.
    rests: u32,
}

impl Trust {
    /// Notes how a build left the agent. Gives the moment until which the agent rests, if it is to.
    pub fn note(&mut self, verdict: Verdict, now: Timestamp) -> Option<Timestamp> {
        match verdict {
            Verdict::Ran => {
                *self = Self::default();
                None
            }
            Verdict::Faulted => {
                self.faults.retain(|at| now.since(*at) <= WITHIN);
                self.faults.push(now);
                if self.faults.len() < FAULTS as usize {
                    return None;
                }
                self.faults.clear();
                let rest = FIRST_REST.saturating_mul(1 << self.rests.min(8)).min(LONGEST_REST);
                self.rests = self.rests.saturating_add(1);
                Some(now.plus(rest))
            }
        }
    }

    /// Why it rests, in words.
    pub fn reason(until: Timestamp) -> String {
        format!(
            "rests until {}: {FAULTS} builds in a row ended there in FAULT before a command began",
            until.to_rfc3339()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    fn five(trust: &mut Trust, from: i64) -> Option<Timestamp> {
        let all: Vec<_> = (from..from + 5).map(|at| trust.note(Verdict::Faulted, seconds(at))).collect();
        assert_eq!(all[..4], [None; 4]);
        all[4]
    }

    #[test]
    fn five_faults_in_a_row_within_a_minute_let_an_agent_rest_twice_as_long_each_time() {
        let mut trust = Trust::default();
        let rests = [60, 120, 240, 480, 600, 600];
        for (at, rest) in (0..).step_by(1000).zip(rests) {
            assert_eq!(five(&mut trust, at), Some(seconds(at + 4 + rest)));
        }
    }

    #[test]
    fn a_build_that_ran_clears_the_record() {
        let mut trust = Trust::default();
        five(&mut trust, 0);
        for at in 100..104 {
            trust.note(Verdict::Faulted, seconds(at));
        }
        assert_eq!(trust.note(Verdict::Ran, seconds(104)), None);
        assert_eq!(five(&mut trust, 105), Some(seconds(109 + 60)));
    }

    #[test]
    fn slow_faults_are_no_row() {
        let mut trust = Trust::default();
        assert!((0..50).all(|at| trust.note(Verdict::Faulted, seconds(at * 16)).is_none()));
    }
}
