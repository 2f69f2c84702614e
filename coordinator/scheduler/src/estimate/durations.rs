//! How long builds had their slots lately, by project: what estimates are drawn from.

use buildyard_model::ProjectName;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Builds remembered of each project, and of all together.
const KEPT: usize = 50;

/// A source of repeatable draws (splitmix64).
#[derive(Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

/// The latest durations in milliseconds, and the same sorted.
#[derive(Debug, Clone, Default)]
struct Recent {
    latest: VecDeque<u64>,
    sorted: Vec<u64>,
}

impl Recent {
    fn note(&mut self, millis: u64) {
        if self.latest.len() == KEPT
            && let Some(oldest) = self.latest.pop_front()
            && let Ok(at) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(at);
        }
        self.latest.push_back(millis);
        let at = self.sorted.partition_point(|known| *known < millis);
        self.sorted.insert(at, millis);
    }
}

/// Recent durations.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    projects: HashMap<ProjectName, Recent>,
    /// For projects of which no build has ended yet.
    all: Recent,
}

impl Durations {
    /// A build of the project ended that had its slot for so long.
    pub fn note(&mut self, project: &ProjectName, lasted: Duration) {
        let millis = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
        self.projects.entry(project.clone()).or_default().note(millis);
        self.all.note(millis);
    }

    /// Whether no build has ended yet.
    pub fn is_empty(&self) -> bool {
        self.all.latest.is_empty()
    }

    /// The duration that so many of a hundred recent builds of the project stay below; none when none has ended.
    pub fn percentile(&self, project: &ProjectName, percent: usize) -> Option<Duration> {
        let sorted = &self.projects.get(project)?.sorted;
        sorted.get(sorted.len().saturating_sub(1) * percent.min(100) / 100).map(|millis| Duration::from_millis(*millis))
    }

    /// How many recent builds draws for the project are made from.
    pub(crate) fn known(&self, project: Option<&ProjectName>) -> usize {
        self.recent(project).latest.len()
    }

    /// How many milliseconds longer a build of the project lasts that has lasted for so long.
    pub(crate) fn draw(&self, project: &ProjectName, elapsed: Duration, draw: &mut Draw) -> u64 {
        let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let sorted = &self.recent(Some(project)).sorted;
        let longer = &sorted[sorted.partition_point(|known| *known <= elapsed)..];
        match longer.len() {
            // Longer than any before: the longer it has lasted, the longer it may last.
            0 => draw.below(elapsed + 1),
            many => {
                let at = draw.below(u64::try_from(many).unwrap_or(1));
                longer.get(usize::try_from(at).unwrap_or(0)).map_or(0, |lasted| lasted - elapsed)
            }
        }
    }

    fn recent(&self, project: Option<&ProjectName>) -> &Recent {
        project.and_then(|project| self.projects.get(project)).unwrap_or(&self.all)
    }
}
