//! When a waiting build will start: the queue run forward with the durations of recent builds. Pure and repeatable.
//!
//! The same rule that gives slots in earnest gives them here, to counted builds in place of real ones, many times over
//! with durations drawn from what was measured; the times at which the build starts are the estimate and its band. It
//! takes each build for one slot of the agents that fit the asking one, which is wrong where builds of different kinds
//! wait together; `score` says how wrong.

mod durations;
mod score;

pub use durations::Durations;
pub use score::Scores;

use crate::queue::{Advance, Lines, Shares};
use buildyard_model::{Capacity, ProjectName, Resources, StartEstimate, Timestamp};
use durations::Draw;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Builds that may be started before the one asked for; behind them nothing is said.
const FURTHEST: usize = 1000;
/// How often the queue is run forward, as long as that stays cheap.
const RUNS: usize = 40;
/// Looks at a line in all runs together.
const MOST_LOOKS: usize = 4_000_000;
/// What granting and committing take, and what no duration tells.
const SLACK: Duration = Duration::from_millis(500);

/// How many slots an agent of that size has for builds that want so much: never fewer than one.
pub fn slots(capacity: &Capacity, wanted: Resources) -> u32 {
    let by_vcpu = capacity.resources.vcpu / wanted.vcpu.max(1);
    let by_memory = u32::try_from(capacity.resources.memory_mib / wanted.memory_mib.max(1)).unwrap_or(u32::MAX);
    capacity.slots.min(by_vcpu.max(1)).min(by_memory.max(1))
}

/// A slot that the build could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    Free,
    /// A build of the project has had it for so long.
    Busy {
        project: ProjectName,
        elapsed: Duration,
    },
}

/// Says when the build starts that waits at the end of its own line; none when nobody can say: no slot, no build that
/// ended yet, or too many before it. `seed` makes the draws; the same gives the same.
pub fn estimate(
    lines: &Lines,
    shares: &Shares,
    slots: &[Slot],
    durations: &Durations,
    now: Timestamp,
    seed: u64,
) -> Option<StartEstimate> {
    let before: usize = lines.lines.iter().map(|line| line.waiting).sum();
    let free = slots.iter().filter(|slot| **slot == Slot::Free).count();
    if before < free {
        return Some(StartEstimate { earliest: now, expected: now, latest: now.plus(SLACK), from_builds: 0 });
    }
    if slots.is_empty() || durations.is_empty() || lines.lines.get(lines.own)?.waiting >= FURTHEST {
        return None;
    }
    let cost = lines.lines.len().max(1) * before.clamp(1, FURTHEST) + slots.len();
    let runs = (MOST_LOOKS / cost).clamp(8, RUNS);
    let mut draw = Draw::new(seed);
    let run = |_| Run { lines, shares, durations }.start(slots, &mut draw);
    let mut starts: Vec<u64> = (0..runs).map(run).collect::<Option<_>>()?;
    starts.sort_unstable();
    let at = |percent: usize| starts[(runs - 1) * percent / 100];
    let known = durations.known(lines.lines.get(lines.own).map(|line| &line.project));
    // The fewer builds were seen, the less their spread tells.
    let doubt = if known < 10 { 50 } else { 10 };
    let (low, middle, high) = (at(10), at(50), at(90));
    let plus = |millis: u64| now.plus(Duration::from_millis(millis));
    Some(StartEstimate {
        earliest: plus(low - low * doubt / 100),
        expected: plus(middle),
        latest: plus(high + high * doubt / 100).plus(SLACK),
        from_builds: u32::try_from(known).unwrap_or(u32::MAX),
    })
}

struct Run<'a> {
    lines: &'a Lines,
    shares: &'a Shares,
    durations: &'a Durations,
}

impl Run<'_> {
    /// Milliseconds until the build starts, in one draw of all durations.
    fn start(&self, slots: &[Slot], draw: &mut Draw) -> Option<u64> {
        let (lines, own) = (&self.lines.lines, self.lines.own);
        let mut advance = Advance::of(self.lines, self.shares);
        advance.left[own] += 1;
        // When each slot is free, and the line of the project that then has one less.
        let mut ends: BinaryHeap<Reverse<(u64, Option<usize>)>> =
            slots.iter().map(|slot| Reverse(self.end(slot, draw))).collect();
        for _ in 0..FURTHEST {
            let Reverse((at, of)) = ends.pop()?;
            if let Some(of) = of {
                advance.end(of);
            }
            let next = advance.next()?;
            advance.start(next);
            if next == own && advance.left[next] == 0 {
                return Some(at);
            }
            let lasts = self.durations.draw(&lines[next].project, Duration::ZERO, draw);
            ends.push(Reverse((at + lasts, Some(next))));
        }
        None
    }

    fn end(&self, slot: &Slot, draw: &mut Draw) -> (u64, Option<usize>) {
        match slot {
            Slot::Free => (0, None),
            Slot::Busy { project, elapsed } => {
                let line = self.lines.lines.iter().position(|line| line.project == *project);
                (self.durations.draw(project, *elapsed, draw), line)
            }
        }
    }
}

#[cfg(test)]
mod tests;
