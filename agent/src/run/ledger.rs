//! A build's phase records as the agent keeps them: one after the other, each beginning when the one before ended
//! (reference 2.1).

use buildyard_model::{Phase, PhaseContext, PhaseRecord, PhaseStatus, Timestamp};
use serde::{Deserialize, Serialize};

/// The records, in order. Phases only move forward, and time within them never runs backward.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Ledger(Vec<PhaseRecord>);

impl Ledger {
    /// Begins a phase. False when it is not behind the last one, or the last one has not ended.
    pub(crate) fn begin(&mut self, phase: Phase, now: Timestamp) -> bool {
        let start = match self.0.last() {
            None => now,
            Some(last) if last.phase_type >= phase => return false,
            Some(last) => match last.end_time {
                None => return false,
                Some(end) => end,
            },
        };
        self.0.push(PhaseRecord::begun(phase, start));
        true
    }

    /// Ends `phase`, if it is the running one. A stopped phase has no context.
    pub(crate) fn end(&mut self, phase: Phase, status: PhaseStatus, context: PhaseContext, now: Timestamp) -> bool {
        match self.0.last_mut() {
            Some(last) if last.phase_type == phase && last.phase_status.is_none() => {
                last.phase_status = Some(status);
                last.end_time = Some(now.max(last.start_time));
                last.contexts = if status == PhaseStatus::Stopped { Vec::new() } else { vec![context] };
                true
            }
            _ => false,
        }
    }

    /// The phase that runs.
    pub(crate) fn running(&self) -> Option<Phase> {
        self.0.last().filter(|last| last.phase_status.is_none()).map(|last| last.phase_type)
    }

    /// Ends whatever runs; when nothing does, `phase` begins and ends, so that the reason is on record.
    pub(crate) fn end_running_or(&mut self, phase: Phase, status: PhaseStatus, context: PhaseContext, now: Timestamp) {
        let running = match self.running() {
            Some(running) => running,
            None if self.begin(phase, now) => phase,
            None => return,
        };
        self.end(running, status, context, now);
    }

    /// A phase in which nothing happens.
    pub(crate) fn pass(&mut self, phase: Phase, now: Timestamp) {
        if self.begin(phase, now) {
            self.end(phase, PhaseStatus::Succeeded, PhaseContext::default(), now);
        }
    }

    pub(crate) fn records(&self) -> &[PhaseRecord] {
        &self.0
    }
}
