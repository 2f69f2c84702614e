//! What is true of every build, and of every step between two states of one. Checked by tests after each step and by
//! debug builds at each `apply`; the rules behind it are reliability 2.2 (I2, I3, I4).

use crate::build::{Build, State};
use crate::lifecycle::MAX_LOSSES;
use buildyard_model::{Phase, PhaseRecord};

/// Says what is wrong with a build.
///
/// # Errors
/// The broken rule, in words.
pub fn check(build: &Build) -> Result<(), String> {
    phases(&build.phases)?;
    let last = build.phases.last().map(|record| record.phase_type);
    let finished = matches!(build.state, State::Finished { .. });
    let queued = matches!(build.state, State::Queued { .. });
    hold(finished == (last == Some(Phase::Completed)), "COMPLETED is there exactly when the build is finished")?;
    hold(!queued || last == Some(Phase::Queued), "a queued build is in its QUEUED phase")?;
    hold(!queued || !build.commands_started, "no command of a queued build has begun")?;
    hold(u64::from(build.attempt) <= build.epoch, "every try had a grant")?;
    hold(build.agent.is_some() == (build.epoch > 0), "an agent is known exactly when there was a grant")?;
    hold(build.losses <= MAX_LOSSES && u64::from(build.losses) <= build.epoch, "each loss had a grant, up to a limit")?;
    hold(build.accepted.is_none() || finished, "an accepted report finishes the build")?;
    lease(build)
}

/// Says what is wrong with a step.
///
/// # Errors
/// The broken rule, in words.
pub fn check_step(before: &Build, after: &Build) -> Result<(), String> {
    check(after)?;
    hold(!matches!(before.state, State::Finished { .. }), "a finished build never changes")?;
    hold(before.spec == after.spec, "the job stays as it was submitted")?;
    hold(after.version == before.version + 1, "the version rises by one")?;
    hold(after.attempt >= before.attempt && after.attempt <= before.attempt + 1, "tries are counted one by one")?;
    hold(after.losses >= before.losses, "losses are not forgotten")?;
    let granted = matches!(after.state, State::Leased { .. });
    hold(after.epoch == before.epoch + u64::from(granted), "the epoch rises with a grant and only then")?;
    let queued = matches!(after.state, State::Queued { .. });
    hold(queued || after.commands_started || !before.commands_started, "begun commands are not forgotten")?;
    hold(queued || starts_with(&after.phases, &before.phases), "phases only move forward")
}

fn phases(phases: &[PhaseRecord]) -> Result<(), String> {
    let first = phases.iter().take(2).map(|record| record.phase_type);
    hold(first.eq([Phase::Submitted, Phase::Queued]), "the history begins with SUBMITTED and QUEUED")?;
    for pair in phases.windows(2) {
        hold(pair[0].phase_type < pair[1].phase_type, "phases are in order, each once")?;
        hold(pair[0].end_time == Some(pair[1].start_time), "a phase begins when the one before it ends")?;
    }
    for record in phases {
        hold(record.phase_status.is_some() == record.end_time.is_some(), "a phase has a status exactly when it ended")?;
        hold(record.end_time.is_none_or(|end| end >= record.start_time), "no phase ends before it begins")?;
        let completed = record.phase_type == Phase::Completed;
        hold(
            !completed || record.end_time.is_none() && record.contexts.is_empty(),
            "COMPLETED has nothing but a start",
        )?;
    }
    Ok(())
}

fn lease(build: &Build) -> Result<(), String> {
    let Some(lease) = build.state.lease() else { return Ok(()) };
    let accepted = matches!(build.state, State::Running { .. });
    hold(lease.token.build == build.spec.id, "the lease is this build's")?;
    hold(lease.token.epoch == build.epoch, "the lease in force is the newest")?;
    hold(build.agent.as_ref() == Some(&lease.agent), "the agent known is the lease's")?;
    let ahead = lease.token.attempt.checked_sub(build.attempt);
    hold(
        ahead == Some(0) || ahead == Some(1) && !accepted,
        "the lease is for this try, or for the next while not accepted",
    )
}

/// Whether `before` is still there: same phases, same starts, and ends that were written stay.
fn starts_with(after: &[PhaseRecord], before: &[PhaseRecord]) -> bool {
    before.iter().enumerate().all(|(at, old)| {
        after.get(at).is_some_and(|new| {
            new.phase_type == old.phase_type
                && new.start_time == old.start_time
                && (old.end_time.is_none() || new.end_time == old.end_time)
        })
    })
}

fn hold(truth: bool, rule: &str) -> Result<(), String> {
    if truth { Ok(()) } else { Err(format!("broken: {rule}")) }
}
