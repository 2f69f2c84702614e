//! The order of the waiting builds. Pure: a value that is told what waits and what runs, and says who comes next.
//!
//! A higher priority goes first. Within one priority the project goes first that had the least slot time for its weight
//! (`share`); within a project the order of submission. A build that fits nowhere now lets those behind it pass, so a project's builds are kept apart by what
//! they ask for: one look says that none of ten thousand fits.
//!
//! Every step costs the logarithm of what waits; nothing is sorted or copied for a round.

mod forms;
mod lines;
mod share;

use forms::Forms;
pub(crate) use forms::Shape;
pub(crate) use lines::Advance;
pub use lines::{Line, Lines};
pub use share::{Share, Shares};

use buildyard_model::{BuildId, ProjectName, Requirements, Timestamp};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// A build that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub build: BuildId,
    pub priority: i32,
    /// When it began to wait.
    pub since: Timestamp,
    /// Order of submission within its project.
    pub sequence: u64,
    pub requirements: Requirements,
}

impl Candidate {
    /// The order within a project: higher priority first, then submission.
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |candidate: &Self| (Reverse(candidate.priority), candidate.sequence);
        key(self).cmp(&key(other))
    }
}

/// A build in the queue.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) build: BuildId,
    pub(crate) since: Timestamp,
    pub(crate) shape: Shape,
    pub(crate) requirements: Arc<Requirements>,
}

impl Entry {
    fn candidate(&self, priority: i32, sequence: u64) -> Candidate {
        let (build, requirements) = (self.build.clone(), (*self.requirements).clone());
        Candidate { build, priority, since: self.since, sequence, requirements }
    }
}

/// Where a project stands among those of one priority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    share: Share,
    /// When its first build began to wait.
    since: Timestamp,
    project: ProjectName,
}

/// One project's builds of one priority. Never empty.
#[derive(Debug)]
struct Lane {
    turn: Turn,
    by_shape: BTreeMap<Shape, BTreeMap<u64, Arc<Entry>>>,
}

impl Lane {
    /// The first build of a shape that is not passed over.
    fn head(&self, passed: &HashSet<Shape>) -> Option<&Arc<Entry>> {
        let open = self.by_shape.iter().filter(|(shape, _)| !passed.contains(shape));
        let heads = open.filter_map(|(_, entries)| entries.first_key_value());
        heads.min_by_key(|(sequence, _)| **sequence).map(|(_, entry)| entry)
    }

    /// The build that was submitted in that place.
    fn at(&self, place: u64) -> Option<&Entry> {
        self.by_shape.values().find_map(|entries| entries.get(&place)).map(|entry| &**entry)
    }

    /// The build that was submitted next behind that place, or the first.
    fn after(&self, place: Option<u64>) -> Option<(u64, &Entry)> {
        let from = place.map_or(0, |place| place + 1);
        let heads = self.by_shape.values().filter_map(|entries| entries.range(from..).next());
        heads.min_by_key(|(sequence, _)| **sequence).map(|(sequence, entry)| (*sequence, &**entry))
    }
}

#[derive(Debug, Default)]
struct Band {
    lanes: HashMap<ProjectName, Lane>,
    order: BTreeSet<Turn>,
}

impl Band {
    /// Puts the project where its share and its first build say.
    fn refresh(&mut self, project: &ProjectName, share: Share) {
        let Some(lane) = self.lanes.get_mut(project) else { return };
        self.order.remove(&lane.turn);
        let since = lane.head(&HashSet::new()).map_or(lane.turn.since, |head| head.since);
        lane.turn = Turn { share, since, project: project.clone() };
        self.order.insert(lane.turn.clone());
    }
}

/// What one round has looked at in vain.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    shapes: HashSet<Shape>,
    parked: Vec<(i32, ProjectName)>,
}

impl Passed {
    pub(crate) fn pass(&mut self, shape: Shape) {
        self.shapes.insert(shape);
    }
}

/// The waiting builds.
#[derive(Debug, Default)]
pub struct Queue {
    bands: BTreeMap<Reverse<i32>, Band>,
    places: HashMap<BuildId, (i32, u64, Shape)>,
    shares: Shares,
    forms: Forms,
}

impl Queue {
    /// An empty queue in which projects have these weights, the others 1.
    pub fn new(weights: HashMap<ProjectName, u32>) -> Self {
        Self { shares: Shares::new(weights), ..Self::default() }
    }

    /// How many builds wait.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether the build waits.
    pub fn contains(&self, build: &BuildId) -> bool {
        self.places.contains_key(build)
    }

    /// What projects have, and had.
    pub fn shares(&self) -> &Shares {
        &self.shares
    }

    /// The ids of all that wait, in no order.
    pub fn builds(&self) -> impl Iterator<Item = &BuildId> {
        self.places.keys()
    }

    /// Adds a build, in the place of what was known of it.
    pub fn push(&mut self, candidate: Candidate) {
        self.remove(&candidate.build);
        let Candidate { build, priority, since, sequence, requirements } = candidate;
        let project = build.project().clone();
        let shape = self.forms.enter(&requirements, since);
        self.places.insert(build.clone(), (priority, sequence, shape));
        let requirements = self.shared(&project, requirements, priority, shape);
        let entry = Arc::new(Entry { build, since, shape, requirements });
        let band = self.bands.entry(Reverse(priority)).or_default();
        if !band.lanes.contains_key(&project) {
            self.shares.joined(&project);
        }
        let share = self.shares.of(&project);
        let lane = band.lanes.entry(project.clone()).or_insert_with(|| Lane {
            turn: Turn { share, since, project: project.clone() },
            by_shape: BTreeMap::new(),
        });
        lane.by_shape.entry(shape).or_default().insert(sequence, entry);
        band.refresh(&project, share);
    }

    /// Takes a build out and says whether it was there.
    pub fn remove(&mut self, build: &BuildId) -> bool {
        let Some((priority, sequence, shape)) = self.places.remove(build) else { return false };
        let project = build.project();
        let Some(band) = self.bands.get_mut(&Reverse(priority)) else { return false };
        let Some(lane) = band.lanes.get_mut(project) else { return false };
        let mut since = None;
        if let Some(entries) = lane.by_shape.get_mut(&shape) {
            since = entries.remove(&sequence).map(|entry| entry.since);
            if entries.is_empty() {
                lane.by_shape.remove(&shape);
            }
        }
        if lane.by_shape.is_empty() {
            band.order.remove(&lane.turn);
            band.lanes.remove(project);
            if band.lanes.is_empty() {
                self.bands.remove(&Reverse(priority));
            }
            self.shares.left(project);
        } else {
            band.refresh(project, self.shares.of(project));
        }
        if let Some(since) = since {
            self.forms.leave(shape, since);
        }
        true
    }

    /// A build of the project has been given a slot. Says for how much of slot time that counts for now.
    pub fn started(&mut self, project: &ProjectName) -> Duration {
        let charged = self.shares.started(project);
        self.refresh(project);
        charged
    }

    /// A build of the project counts for so much more, since it has had its slot longer than it counted for.
    pub fn overran(&mut self, project: &ProjectName, more: Duration) {
        self.shares.overran(project, more);
        self.refresh(project);
    }

    /// A build of the project has left its slot, which it had for so long and had counted for so much.
    pub fn ended(&mut self, project: &ProjectName, lasted: Duration, charged: Duration) {
        self.shares.ended(project, lasted, charged);
        self.refresh(project);
    }

    /// The build that comes next of those not passed over yet.
    pub(crate) fn next(&mut self, passed: &mut Passed) -> Option<Arc<Entry>> {
        if passed.shapes.len() >= self.forms.len() {
            return None;
        }
        for (Reverse(priority), band) in &mut self.bands {
            while let Some(turn) = band.order.first() {
                let head = band.lanes.get(&turn.project).and_then(|lane| lane.head(&passed.shapes));
                if let Some(head) = head {
                    return Some(Arc::clone(head));
                }
                if let Some(turn) = band.order.pop_first() {
                    passed.parked.push((*priority, turn.project));
                }
            }
        }
        None
    }

    /// Ends a round: what was passed over is looked at again in the next.
    pub(crate) fn resume(&mut self, passed: Passed) {
        for (priority, project) in passed.parked {
            let Some(band) = self.bands.get_mut(&Reverse(priority)) else { continue };
            band.refresh(&project, self.shares.of(&project));
        }
    }

    /// Since when the first of a shape has been waiting.
    pub(crate) fn oldest(&self, shape: Shape) -> Option<Timestamp> {
        self.forms.oldest(shape)
    }

    /// Notes that the build was chosen, which is when the projects' slot times are compared.
    pub(crate) fn chosen(&mut self, project: &ProjectName) {
        self.shares.chosen(project);
    }

    /// The builds in the order in which they would be given slots if none of them ended meanwhile; the first `most`.
    pub fn order(&self, most: usize) -> Vec<Candidate> {
        let mut granted: HashMap<&ProjectName, u32> = HashMap::new();
        let mut order = Vec::new();
        for (Reverse(priority), band) in &self.bands {
            let mut turns: BTreeSet<_> = band
                .lanes
                .iter()
                .filter_map(|(project, lane)| {
                    let (sequence, entry) = lane.after(None)?;
                    let share = self.shares.after(project, granted.get(project).copied().unwrap_or(0));
                    Some((share, entry.since, project, sequence))
                })
                .collect();
            while let Some((_, _, project, sequence)) = turns.pop_first() {
                if order.len() >= most {
                    return order;
                }
                let Some(lane) = band.lanes.get(project) else { continue };
                order.extend(lane.at(sequence).map(|entry| entry.candidate(*priority, sequence)));
                let granted = granted.entry(project).or_default();
                *granted += 1;
                let next = lane.after(Some(sequence));
                turns.extend(
                    next.map(|(next, entry)| (self.shares.after(project, *granted), entry.since, project, next)),
                );
            }
        }
        order
    }

    /// What waits of each project before the build or beside it; none when the build does not wait.
    pub fn lines(&self, build: &BuildId) -> Option<Lines> {
        let (priority, sequence, _) = *self.places.get(build)?;
        let (mut lines, mut found) = (Vec::new(), 0);
        for (Reverse(of), band) in self.bands.range(..=Reverse(priority)) {
            for (project, lane) in &band.lanes {
                let own = *of == priority && project == build.project();
                let count = |entries: &BTreeMap<u64, Arc<Entry>>| {
                    if own { entries.range(..sequence).count() } else { entries.len() }
                };
                if own {
                    found = lines.len();
                }
                let waiting = lane.by_shape.values().map(count).sum();
                lines.push(Line { project: project.clone(), priority: *of, since: lane.turn.since, waiting });
            }
        }
        Some(Lines { priority, lines, own: found })
    }

    fn refresh(&mut self, project: &ProjectName) {
        let share = self.shares.of(project);
        for band in self.bands.values_mut() {
            band.refresh(project, share);
        }
    }

    /// The requirements themselves, shared with the build behind which this one stands if they are the same.
    fn shared(&self, project: &ProjectName, wanted: Requirements, priority: i32, shape: Shape) -> Arc<Requirements> {
        let lane = self.bands.get(&Reverse(priority)).and_then(|band| band.lanes.get(project));
        let last = lane.and_then(|lane| lane.by_shape.get(&shape)?.last_key_value());
        match last {
            Some((_, entry)) if *entry.requirements == wanted => Arc::clone(&entry.requirements),
            _ => Arc::new(wanted),
        }
    }
}

#[cfg(test)]
mod tests;
