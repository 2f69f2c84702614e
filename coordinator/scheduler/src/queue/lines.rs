//! What waits before a build, for looking ahead: counts instead of builds, so that a look costs little.

use super::share::{Ahead, Shares};
use buildyard_model::{ProjectName, Timestamp};
use std::cmp::Reverse;

/// What waits before a build, or competes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// The build's own priority.
    pub priority: i32,
    /// The projects' lines of this priority and higher ones. In that of the build's own project and priority stand
    /// those before it.
    pub lines: Vec<Line>,
    /// Which of the lines is the build's own.
    pub own: usize,
}

/// One project's waiting builds of one priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub project: ProjectName,
    pub priority: i32,
    /// When the first of them began to wait.
    pub since: Timestamp,
    pub waiting: usize,
}

/// The lines while one looks ahead.
#[derive(Debug, Clone)]
pub(crate) struct Advance<'a> {
    lines: &'a [Line],
    /// How many wait in each line still.
    pub(crate) left: Vec<usize>,
    /// Each line's project.
    projects: Vec<usize>,
    shares: Vec<(Ahead, u32, u32)>,
}

impl<'a> Advance<'a> {
    pub(crate) fn of(lines: &'a Lines, shares: &Shares) -> Self {
        let lines = &lines.lines;
        let first = |line: &Line| lines.iter().position(|other| other.project == line.project).unwrap_or(0);
        let share = |line: &Line| (shares.ahead(&line.project), 0, shares.running(&line.project));
        Self {
            left: lines.iter().map(|line| line.waiting).collect(),
            projects: lines.iter().map(first).collect(),
            shares: lines.iter().map(share).collect(),
            lines,
        }
    }

    /// Which line's build is given the next slot: the same rule as the queue's. None when nothing waits.
    pub(crate) fn next(&self) -> Option<usize> {
        let waiting = (0..self.lines.len()).filter(|&at| self.left[at] > 0);
        let key = |at: usize| {
            let (ahead, granted, running) = self.shares[self.projects[at]];
            let line = &self.lines[at];
            (Reverse(line.priority), ahead.share(granted, running), line.since, &line.project)
        };
        waiting.min_by(|&one, &other| key(one).cmp(&key(other)))
    }

    /// The line's first build is given a slot.
    pub(crate) fn start(&mut self, at: usize) {
        self.left[at] = self.left[at].saturating_sub(1);
        let (_, granted, running) = &mut self.shares[self.projects[at]];
        *granted += 1;
        *running += 1;
    }

    /// A build of the line's project leaves its slot.
    pub(crate) fn end(&mut self, at: usize) {
        let (_, _, running) = &mut self.shares[self.projects[at]];
        *running = running.saturating_sub(1);
    }
}
