//! Why a build is where it is, and when it will start: said when somebody asks, and compared with what happens.

use crate::load::Held;
use crate::waiting::Look;
use crate::{Error, Service};
use buildyard_model::{BuildId, EstimateScore, Requirements, StartEstimate, Timestamp, WhyView};
use buildyard_scheduler::estimate::{self, Durations, Slot, estimate};
use buildyard_scheduler::placement::fits_ever;
use buildyard_scheduler::queue::{Lines, Shares};
use buildyard_scheduler::why::{text, unblocks};
use buildyard_scheduler::{Build, State};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Between two estimates that nobody asked for; they are made to be scored.
const SAMPLED_EVERY: Duration = Duration::from_secs(1);

/// Everything that an estimate is made from, so that it is made without holding anybody up.
struct Outlook {
    lines: Lines,
    shares: Shares,
    slots: Vec<Slot>,
    durations: Arc<Durations>,
    now: Timestamp,
    seed: u64,
}

impl Outlook {
    fn of(held: &Held, build: &BuildId, wanted: &Requirements, now: Timestamp) -> Option<Self> {
        let queue = held.dispatcher.queue();
        Some(Self {
            lines: queue.lines(build)?,
            shares: queue.shares().clone(),
            slots: slots(held, wanted, now),
            durations: Arc::clone(&held.durations),
            now,
            seed: build.uuid().as_u64_pair().0,
        })
    }

    fn estimate(&self) -> Option<StartEstimate> {
        estimate(&self.lines, &self.shares, &self.slots, &self.durations, self.now, self.seed)
    }
}

/// The slots of the agents that take such builds now.
fn slots(held: &Held, wanted: &Requirements, now: Timestamp) -> Vec<Slot> {
    let builds = held.by_agent();
    let mut slots = Vec::new();
    for load in held.dispatcher.agents() {
        let closed = load.closed.is_some_and(|closed| closed.reason(now).is_some());
        if closed || !fits_ever(wanted, load.capacity) {
            continue;
        }
        let all = usize::try_from(estimate::slots(load.capacity, wanted.resources)).unwrap_or(usize::MAX);
        let busy = builds.get(load.agent).into_iter().flatten().take(all);
        let busy: Vec<Slot> = busy
            .map(|(build, since)| Slot::Busy { project: build.project().clone(), elapsed: now.since(*since) })
            .collect();
        slots.extend(std::iter::repeat_n(Slot::Free, all - busy.len()));
        slots.extend(busy);
    }
    slots
}

impl Service {
    /// Why the build is where it is, and when it will start if it waits.
    pub async fn why(&self, id: &BuildId) -> Result<WhyView, Error> {
        let build = self.load(id).await?;
        let view = build.view();
        let mut why = WhyView {
            build: view.id,
            build_status: view.build_status,
            current_phase: view.current_phase,
            waits: false,
            since: since(&build),
            text: told(&build),
            reasons: Vec::new(),
            unblocks: Vec::new(),
            estimate: None,
            score: self.estimate_score(),
        };
        let State::Queued { .. } = build.state else { return Ok(why) };
        let wanted = build.spec.requirements();
        let (reasons, outlook) = {
            let mut held = self.inner.load.held();
            let now = self.now();
            held.follow(&self.inner.sessions, now);
            (Look::of(&held, now).reasons(&held, id, &wanted), Outlook::of(&held, id, &wanted, now))
        };
        why.reasons = reasons;
        why.waits = true;
        why.text = self.with_outlook(&build, text(&why.reasons));
        if let Some(again) = &build.reason {
            why.text = format!("{} ({again})", why.text);
        }
        why.unblocks = unblocks(&why.reasons);
        why.estimate = self.estimated(id, outlook).await;
        Ok(why)
    }

    /// How good the estimates of late have been; none before the first build that had one has started.
    pub fn estimate_score(&self) -> Option<EstimateScore> {
        self.inner.load.held().scores.score()
    }

    /// Makes an estimate of a new build that is to be scored, now and then, beside everything else.
    pub(crate) fn estimate_soon(&self, id: &BuildId) {
        let (now, last) = (self.now(), self.inner.estimated_at.load(Ordering::Relaxed));
        let too_soon = now.since(Timestamp(last)) < SAMPLED_EVERY;
        let at = &self.inner.estimated_at;
        if too_soon || at.compare_exchange(last, now.0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let (service, id) = (self.clone(), id.clone());
        tokio::spawn(async move {
            let Ok(build) = service.load(&id).await else { return };
            let outlook = Outlook::of(&service.inner.load.held(), &id, &build.spec.requirements(), service.now());
            service.estimated(&id, outlook).await;
        });
    }

    async fn estimated(&self, id: &BuildId, outlook: Option<Outlook>) -> Option<StartEstimate> {
        let outlook = outlook?;
        let found = tokio::task::spawn_blocking(move || outlook.estimate()).await.ok().flatten()?;
        // That a build starts at once where there is room proves nothing.
        if found.from_builds > 0 {
            self.inner.load.estimated(id, found);
        }
        Some(found)
    }
}

/// Since when it has been as it is.
fn since(build: &Build) -> Timestamp {
    match &build.state {
        State::Queued { since }
        | State::Leased { since, .. }
        | State::Running { since, .. }
        | State::Stopping { since, .. } => *since,
        State::Finished { at, .. } => *at,
    }
}

/// Where a build is that does not wait.
fn told(build: &Build) -> String {
    let reason = build.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match &build.state {
        State::Queued { .. } => "it waits".to_owned(),
        State::Leased { lease, .. } => format!("it has been offered to agent {}", lease.agent),
        State::Running { lease, .. } => format!("it runs on agent {}", lease.agent),
        State::Stopping { lease, .. } => format!("it is being stopped on agent {}", lease.agent),
        State::Finished { outcome, .. } => {
            let status = buildyard_model::BuildStatus::from(*outcome);
            match (&build.agent, build.attempt) {
                (Some(agent), 1..) => format!("it ended as {status} on agent {agent}{reason}"),
                _ => format!("it ended as {status} without having run{reason}"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
