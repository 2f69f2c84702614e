//! The coordinator's spans of a build, from its record. Pure.
//!
//! A build that ended gives the root and the wait before its last grant. An attempt is its agent's to tell of, except
//! where the agent was lost with it.

use buildyard_model::{AgentId, FleetName, Outcome, Phase, PhaseStatus, Timestamp};
use buildyard_scheduler::build::Lease;
use buildyard_scheduler::{Build, State};
use buildyard_traces::{Link, Span, SpanId, Status, TraceId};

/// What the step from `before` to `after` ended.
pub(super) fn spans(before: &State, after: &Build, now: Timestamp) -> Vec<Span> {
    let lost = lost(before, after).map(|(lease, since)| lost_attempt(lease, since, after, now));
    let ended = match (before, &after.state) {
        (State::Finished { .. }, _) => None,
        (_, State::Finished { outcome, at }) => Some([root(after, *outcome, *at)].into_iter().chain(queue(after, *at))),
        _ => None,
    };
    lost.into_iter().chain(ended.into_iter().flatten()).collect()
}

/// From submission to end.
fn root(build: &Build, outcome: Outcome, at: Timestamp) -> Span {
    let spec = &build.spec;
    let name = (SpanId::of_build(&spec.id), None);
    let mut span = Span::new(TraceId::of_build(&spec.id), name, "build", (spec.submitted_at, at))
        .with("build.id", spec.id.to_string())
        .with("build.number", spec.build_number)
        .with("project", spec.id.project().as_str())
        .with("initiator", spec.initiator.as_str())
        .with("fleet", fleet(build))
        .with("image", spec.environment.image.as_str())
        .with("outcome", outcome.to_string())
        .with("attempts", build.attempt)
        .with_some("agent", build.agent.as_ref().map(AgentId::as_str))
        .with_some("source.version", build.resolved_source_version.as_deref())
        .with_some("log.bytes", build.log_bytes)
        .ended(status(build, outcome));
    span.link = spec
        .retry_of
        .as_ref()
        .map(|retry| Link { trace: TraceId::of_build(&retry.previous), span: SpanId::of_build(&retry.previous) });
    span
}

/// The wait for an agent. Where an agent was lost and the build queued again, it goes on until the last grant.
fn queue(build: &Build, ended: Timestamp) -> Option<Span> {
    let id = &build.spec.id;
    let queued = build.phases.iter().find(|record| record.phase_type == Phase::Queued)?;
    let time = (queued.start_time, queued.end_time.unwrap_or(ended));
    let name = (SpanId::of_queue(id), Some(SpanId::of_build(id)));
    let span = Span::new(TraceId::of_build(id), name, "queue", time)
        .with("build.id", id.to_string())
        .with("fleet", fleet(build))
        .with("priority", i64::from(build.spec.priority))
        .with("grants", build.epoch);
    Some(span.with_some("status", queued.phase_status.map(PhaseStatus::name)))
}

/// The grant that came to its end without its agent's word, and since when the agent worked.
fn lost<'a>(before: &'a State, after: &Build) -> Option<(&'a Lease, Timestamp)> {
    let (State::Running { lease, since } | State::Stopping { lease, since }) = before else { return None };
    let is_over = after.state.lease().is_none_or(|now| now.token != lease.token);
    (is_over && after.accepted.as_ref() != Some(&lease.token)).then_some((lease, *since))
}

fn lost_attempt(lease: &Lease, since: Timestamp, build: &Build, now: Timestamp) -> Span {
    let id = &lease.token.build;
    let name = (SpanId::of_attempt(&lease.token), Some(SpanId::of_build(id)));
    Span::new(TraceId::of_build(id), name, "attempt", (since, now))
        .with("build.id", id.to_string())
        .with("attempt", lease.token.attempt)
        .with("agent", lease.agent.as_str())
        .ended(Status::Error(build.reason.clone().unwrap_or_else(|| "the agent was lost".to_owned())))
}

fn fleet(build: &Build) -> String {
    build.spec.fleet().unwrap_or_else(FleetName::on_demand).to_string()
}

/// A build that somebody stopped did not go wrong.
fn status(build: &Build, outcome: Outcome) -> Status {
    match outcome {
        Outcome::Succeeded => Status::Ok,
        Outcome::Stopped => Status::Unset,
        Outcome::Failed | Outcome::Fault | Outcome::TimedOut => Status::Error(why(build, outcome)),
    }
}

/// The reason on record, or what the phase says that ended the build.
fn why(build: &Build, outcome: Outcome) -> String {
    let of_phases = || {
        let ended = build.phases.iter().rev().filter(|record| record.phase_status == Some(outcome.phase_status()));
        let mut contexts = ended.flat_map(|record| record.contexts.iter().map(move |context| (record, context)));
        let (record, context) = contexts.find(|(_, context)| !context.message.is_empty())?;
        Some(format!("{}: {}", record.phase_type, context.message))
    };
    let reason = build.reason.clone().filter(|reason| !reason.is_empty());
    reason.or_else(of_phases).unwrap_or_else(|| outcome.to_string())
}

#[cfg(test)]
mod tests;
