//! The queue in memory: a view of the builds.

use super::{Memory, Records};
use crate::roles::{Error, Queue};
use async_trait::async_trait;
use buildyard_model::{BuildId, ProjectName, Timestamp};
use buildyard_scheduler::{Build, Candidate, Effect};

#[async_trait]
impl Queue for Memory {
    async fn waiting(&self, after: u64, limit: u32) -> Result<Vec<(u64, Candidate)>, Error> {
        let records = self.records();
        let behind = records.queued.range(after.saturating_add(1)..).take(limit as usize);
        let candidate = |place: &u64| Some((*place, records.builds.get(place)?.candidate()?));
        Ok(behind.filter_map(candidate).collect())
    }

    async fn overdue(&self, now: Timestamp) -> Result<Vec<BuildId>, Error> {
        let records = self.records();
        let queued = records.queued.iter().filter_map(|sequence| records.builds.get(sequence));
        let mut overdue: Vec<_> = queued.filter(|build| build.queue_deadline().is_some_and(|end| end <= now)).collect();
        // A stable sort: submission decides among equals.
        overdue.sort_by_key(|build| build.queue_deadline());
        Ok(overdue.into_iter().map(|build| build.spec.id.clone()).collect())
    }

    async fn active(&self) -> Result<Vec<Build>, Error> {
        let records = self.records();
        Ok(records.active.iter().filter_map(|sequence| records.builds.get(sequence)).cloned().collect())
    }

    async fn depth(&self) -> Result<u64, Error> {
        Ok(self.records().queued.len() as u64)
    }
}

impl Records {
    fn unfinished(&self, project: &ProjectName) -> u64 {
        let builds = self.queued.iter().chain(&self.active).filter_map(|sequence| self.builds.get(sequence));
        builds.filter(|build| build.spec.id.project() == project).count() as u64
    }

    /// How many of a project's builds wait, run, or are promised by another outbox entry than `besides`.
    pub(super) fn claimed(&self, project: &ProjectName, besides: Option<u64>) -> u64 {
        let others = self.outbox.iter().filter(|(id, _)| besides != Some(**id));
        let promised =
            others.filter(|(_, effect)| matches!(effect, Effect::Retry { of, .. } if of.project() == project));
        self.unfinished(project) + promised.count() as u64
    }
}
