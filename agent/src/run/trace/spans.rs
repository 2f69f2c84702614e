//! The agent's spans of a build. Pure.

use crate::report::Finished;
use crate::run::halt::Halt;
use buildyard_model::{AgentId, LeaseToken, Phase, PhaseRecord, PhaseStatus, Timestamp};
use buildyard_traces::{Span, SpanId, Status, TraceId};

/// What all spans of an attempt are about.
#[derive(Debug)]
pub(super) struct About {
    pub lease: LeaseToken,
    pub agent: AgentId,
    pub image: String,
    pub executor: &'static str,
}

/// What is known of an attempt at its end, beside its facts.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Facts {
    pub began: Option<Timestamp>,
    pub image_digest: Option<String>,
    pub source_version: Option<String>,
    /// Whether its sandbox was started before it came.
    pub warm: bool,
}

/// One try of one agent, from its start there to its facts.
pub(super) fn attempt(about: &About, facts: &Facts, finished: &Finished, now: Timestamp) -> Span {
    let lease = &about.lease;
    let first = finished.phases.first().map(|phase| phase.start_time);
    // Told again, it is the same.
    let end = finished.phases.last().and_then(|phase| phase.end_time).unwrap_or(now);
    let start = facts.began.or(first).unwrap_or(end);
    let parent = Some(SpanId::of_build(&lease.build));
    let bytes: u64 = finished.artifacts.iter().map(|artifact| artifact.size_bytes).sum();
    Span::new(TraceId::of_build(&lease.build), (SpanId::of_attempt(lease), parent), "attempt", (start, end))
        .with("build.id", lease.build.to_string())
        .with("attempt", lease.attempt)
        .with("epoch", lease.epoch)
        .with("agent", about.agent.as_str())
        .with("image", about.image.as_str())
        .with_some("image.digest", facts.image_digest.as_deref())
        .with("executor", about.executor)
        .with("warm", facts.warm)
        .with_some("source.version", facts.source_version.as_deref())
        .with("outcome", finished.outcome.to_string())
        .with("log.bytes", finished.log_bytes)
        .with("artifacts.bytes", bytes)
        .ended(outcome(finished))
}

/// A phase that ended at `end`.
pub(super) fn phase(about: &About, record: &PhaseRecord, end: Timestamp) -> Span {
    let (lease, phase) = (&about.lease, record.phase_type);
    let name = (SpanId::of_phase(lease, phase), Some(SpanId::of_attempt(lease)));
    let context = record.contexts.first();
    let code = context.map(|context| context.status_code.as_str()).filter(|code| !code.is_empty());
    let message = context.map(|context| context.message.as_str()).filter(|message| !message.is_empty());
    let time = (record.start_time, end);
    Span::new(TraceId::of_build(&lease.build), name, format!("phase {phase}"), time)
        .with("build.id", lease.build.to_string())
        .with("phase.name", phase.name())
        .with_some("phase.status", record.phase_status.map(PhaseStatus::name))
        .with_some("phase.context.code", code)
        .with_some("phase.context.message", message)
        .ended(ended(record.phase_status, message))
}

/// A step that ended well, or came to a halt.
pub(super) fn step(
    about: &About,
    name: &'static str,
    within: Option<Phase>,
    time: (Timestamp, Timestamp),
    halt: Option<&Halt>,
) -> Span {
    let lease = &about.lease;
    let parent = within.map_or(SpanId::of_attempt(lease), |phase| SpanId::of_phase(lease, phase));
    let id = SpanId::of_step(lease, name, time.0);
    let status = halt.map_or(Status::Ok, |halt| {
        let consequence = halt.consequence();
        ended(Some(consequence.outcome.phase_status()), Some(&consequence.context.message))
    });
    Span::new(TraceId::of_build(&lease.build), (id, Some(parent)), name, time)
        .with("build.id", lease.build.to_string())
        .ended(status)
}

fn outcome(finished: &Finished) -> Status {
    let said = finished.phases.iter().rev().flat_map(|phase| &phase.contexts).map(|context| context.message.as_str());
    let said = std::iter::once(finished.reason.as_str()).chain(said).find(|text| !text.is_empty());
    ended(Some(finished.outcome.phase_status()), said)
}

/// What somebody stopped did not go wrong.
fn ended(status: Option<PhaseStatus>, message: Option<&str>) -> Status {
    match status {
        None | Some(PhaseStatus::Stopped) => Status::Unset,
        Some(PhaseStatus::Succeeded) => Status::Ok,
        Some(status @ (PhaseStatus::Failed | PhaseStatus::Fault | PhaseStatus::TimedOut)) => {
            Status::Error(message.unwrap_or(status.name()).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildyard_model::{Outcome, PhaseContext};
    use std::time::{Duration, UNIX_EPOCH};

    fn about() -> About {
        let build = "app:00000000-0000-4000-8000-000000000001".parse().unwrap();
        About {
            lease: LeaseToken { build, attempt: 1, epoch: 2 },
            agent: "a1".parse().unwrap(),
            image: "busybox:1".into(),
            executor: "fake",
        }
    }

    fn failed() -> PhaseRecord {
        PhaseRecord {
            phase_type: Phase::PreBuild,
            phase_status: Some(PhaseStatus::Failed),
            start_time: Timestamp(2000),
            end_time: Some(Timestamp(3000)),
            contexts: vec![PhaseContext::new("COMMAND_EXECUTION_ERROR", "exit status 1")],
        }
    }

    #[test]
    fn a_failed_phase_says_why_below_its_attempt() {
        let span = phase(&about(), &failed(), Timestamp(3000));
        assert_eq!((span.name.as_ref(), span.parent), ("phase PRE_BUILD", Some(SpanId::of_attempt(&about().lease))));
        assert_eq!(span.status, Status::Error("exit status 1".into()));
        assert!(span.attributes.contains(&("phase.context.code", "COMMAND_EXECUTION_ERROR".into())), "{span:?}");
        let passed = PhaseRecord { phase_status: Some(PhaseStatus::Succeeded), contexts: Vec::new(), ..failed() };
        assert_eq!(phase(&about(), &passed, Timestamp(3000)).status, Status::Ok);
        let stopped = PhaseRecord { phase_status: Some(PhaseStatus::Stopped), ..passed };
        assert_eq!(phase(&about(), &stopped, Timestamp(3000)).status, Status::Unset);
    }

    #[test]
    fn an_attempt_that_is_told_again_is_the_same_span() {
        let mut finished = Finished::before_start(Outcome::Failed, "");
        finished.phases.push(failed());
        let facts = Facts { began: Some(Timestamp(1000)), warm: true, ..Facts::default() };
        let span = attempt(&about(), &facts, &finished, Timestamp(9000));
        assert_eq!(span.parent, Some(SpanId::of_build(&about().lease.build)));
        assert_eq!(span.start, UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(span.end, UNIX_EPOCH + Duration::from_secs(3));
        assert_eq!(span.status, Status::Error("exit status 1".into()));
        assert!(span.attributes.contains(&("warm", true.into())), "{span:?}");
        assert_eq!(attempt(&about(), &facts, &finished, Timestamp(10_000)), span);
    }

    #[test]
    fn a_step_that_came_to_a_halt_says_why() {
        let halt = Halt::Fault(PhaseContext::new("INTERNAL_ERROR", "no disk"));
        let time = (Timestamp(1), Timestamp(2));
        let span = step(&about(), "image", Some(Phase::Provisioning), time, Some(&halt));
        assert_eq!(span.status, Status::Error("no disk".into()));
        assert_eq!(span.parent, Some(SpanId::of_phase(&about().lease, Phase::Provisioning)));
        assert_eq!(step(&about(), "source", None, time, None).parent, Some(SpanId::of_attempt(&about().lease)));
    }
}
