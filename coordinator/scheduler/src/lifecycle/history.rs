//! The phase records: SUBMITTED, QUEUED, what the attempt in force reported, COMPLETED.
//!
//! Invariant (reliability I3, I14): phases only move forward, only the last one is open, and each begins when the one
//! before it ended, in the coordinator's time. Of an agent's clock only differences are used: a phase it reports
//! begins where the last one ended and takes as long as the agent measured, but never beyond the present. A clock that
//! is a day off changes nothing, and a report that arrives late still tells when things happened.

use buildyard_model::{Phase, PhaseContext, PhaseRecord, PhaseStatus, Timestamp};

/// The records of a build that was just accepted (reference 2.1).
pub(crate) fn submitted(submitted_at: Timestamp, now: Timestamp) -> Vec<PhaseRecord> {
    let mut phases = vec![PhaseRecord::begun(Phase::Submitted, submitted_at)];
    close(&mut phases, PhaseStatus::Succeeded, None, now);
    push(&mut phases, Phase::Queued);
    phases
}

/// An agent took the build: QUEUED ended `at` the grant and PROVISIONING began.
pub(super) fn begin_try(phases: &mut Vec<PhaseRecord>, at: Timestamp) {
    close(phases, PhaseStatus::Succeeded, None, at);
    push(phases, Phase::Provisioning);
}

/// Takes over what an agent reported, in order. A record of a phase that is over already may still change its status
/// and contexts; one of a phase that was passed by, or that opens a phase again, is not heard. After a phase that was
/// stopped nothing follows, not even FINALIZING (reference 2.4).
pub(super) fn merge(phases: &mut Vec<PhaseRecord>, reported: Vec<PhaseRecord>, now: Timestamp) {
    for record in reported {
        if !(Phase::Provisioning..Phase::Completed).contains(&record.phase_type) {
            continue;
        }
        let Some(last) = phases.last() else { return };
        if last.phase_type < record.phase_type {
            if last.phase_status == Some(PhaseStatus::Stopped) {
                return;
            }
            close(phases, PhaseStatus::Succeeded, Some(PhaseContext::default()), now);
            push(phases, record.phase_type);
        }
        if let Some(known) = phases.iter_mut().find(|known| known.phase_type == record.phase_type) {
            take_end(known, record, now);
        }
    }
}

fn take_end(known: &mut PhaseRecord, record: PhaseRecord, now: Timestamp) {
    let Some(status) = record.phase_status else { return };
    known.phase_status = Some(status);
    known.contexts = if status == PhaseStatus::Stopped { Vec::new() } else { record.contexts };
    if known.end_time.is_none() {
        let present = now.max(known.start_time);
        let took = record.end_time.map(|end| end.since(record.start_time));
        known.end_time = Some(took.map_or(present, |took| known.start_time.plus(took).min(present)));
    }
}

/// Drops what the attempt left and opens QUEUED again. Gives when the wait began.
pub(super) fn reopen_queue(phases: &mut Vec<PhaseRecord>) -> Option<Timestamp> {
    phases.retain(|record| record.phase_type <= Phase::Queued);
    let queued = phases.last_mut().filter(|record| record.phase_type == Phase::Queued)?;
    *queued = PhaseRecord::begun(Phase::Queued, queued.start_time);
    Some(queued.start_time)
}

/// Ends the running phase, if one is, and adds COMPLETED. Gives the start of COMPLETED: the build's end.
pub(super) fn complete(
    phases: &mut Vec<PhaseRecord>,
    status: PhaseStatus,
    context: Option<PhaseContext>,
    now: Timestamp,
) -> Timestamp {
    close(phases, status, context, now);
    push(phases, Phase::Completed);
    phases.last().map_or(now, |completed| completed.start_time)
}

/// Ends the last phase if it is open; never before it began, even when the clock went back.
fn close(phases: &mut [PhaseRecord], status: PhaseStatus, context: Option<PhaseContext>, at: Timestamp) {
    if let Some(last) = phases.last_mut().filter(|last| last.end_time.is_none()) {
        last.phase_status = Some(status);
        last.end_time = Some(at.max(last.start_time));
        last.contexts = context.into_iter().collect();
    }
}

/// Begins a phase where the last one, which is closed, ended.
fn push(phases: &mut Vec<PhaseRecord>, phase: Phase) {
    if let Some(at) = phases.last().and_then(|last| last.end_time) {
        phases.push(PhaseRecord::begun(phase, at));
    }
}

#[cfg(test)]
mod tests;
