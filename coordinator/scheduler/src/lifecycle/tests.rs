mod random;
mod table;

use super::*;
use crate::sample::{agent, leased, progress, queued, record, report, running, spec, step, token};
use buildyard_model::{LeaseToken, Outcome, Phase, PhaseStatus, RetryOf};

fn names(build: &Build) -> Vec<(&'static str, Option<&'static str>)> {
    build.phases.iter().map(|one| (one.phase_type.name(), one.phase_status.map(PhaseStatus::name))).collect()
}

fn finish(build: &Build, report: crate::Report) -> Event {
    Event::Finish { token: token(build), report }
}

#[test]
fn a_build_walks_from_queue_to_end() {
    let build = running();
    assert_eq!((build.attempt, build.epoch, build.version), (1, 1, 2));
    let reported = vec![
        record(Phase::Provisioning, 0, Some((500, PhaseStatus::Succeeded))),
        record(Phase::DownloadSource, 500, Some((900, PhaseStatus::Succeeded))),
        record(Phase::Install, 900, None),
    ];
    let build = step(&build, progress(&build, reported), 3000);
    assert!(build.commands_started, "a phase of commands was entered");
    let mut last = report(Outcome::Succeeded);
    last.phases = vec![record(Phase::Install, 900, Some((950, PhaseStatus::Succeeded)))];
    let done = apply(&build, finish(&build, last), Timestamp(4000)).unwrap();
    assert_eq!(done.effects, [Effect::Freed { agent: agent("a1") }]);
    assert_eq!(done.build.state, State::Finished { outcome: Outcome::Succeeded, at: Timestamp(1950) });
    assert_eq!(done.build.view().end_time, Some(Timestamp(1950)));
    assert_eq!(names(&done.build).last(), Some(&("COMPLETED", None)));
}

#[test]
fn uploads_are_tidied_up_after_every_try_that_may_have_made_some() {
    let artifact = buildyard_model::ArtifactRecord {
        artifact_identifier: None,
        bucket: "b".to_owned(),
        key: "k".to_owned(),
        packaging: buildyard_model::Packaging::Zip,
        files: 1,
        size_bytes: 1,
        sha256sum: String::new(),
        md5sum: String::new(),
    };
    for (outcome, artifacts, tidied) in [
        (Outcome::Succeeded, vec![], false),
        (Outcome::Succeeded, vec![artifact], true),
        (Outcome::Fault, vec![], true),
    ] {
        let build = running();
        let report = crate::Report { artifacts, ..report(outcome) };
        let effects = apply(&build, finish(&build, report), Timestamp(2000)).unwrap().effects;
        assert_eq!(effects.contains(&Effect::DropUploads { token: token(&build) }), tidied);
    }
}

#[test]
fn a_stale_lease_cannot_finish_a_build() {
    let first = leased();
    let stale = token(&first);
    let build = step(&first, Event::OfferExpired, 20_000);
    let build = step(&build, Event::Lease { agent: agent("a2") }, 21_000);
    assert_eq!((token(&build).attempt, token(&build).epoch), (1, 2), "an offer not taken uses up no attempt");
    let late = Event::Finish { token: stale.clone(), report: report(Outcome::Succeeded) };
    assert_eq!(apply(&build, late, Timestamp(22_000)), Err(Rejected::Fenced(stale)));
}

#[test]
fn a_repeated_result_is_acknowledged_and_a_late_one_of_a_lost_agent_is_fenced() {
    let build = running();
    let done = step(&build, finish(&build, report(Outcome::Failed)), 2000);
    let again = finish(&build, report(Outcome::Succeeded));
    assert_eq!(apply(&done, again.clone(), Timestamp(2100)), Err(Rejected::Unchanged));
    let stopped = step(&step(&build, Event::Stop, 2000), Event::StopExpired, 9000);
    assert_eq!(apply(&stopped, again, Timestamp(9100)), Err(Rejected::Fenced(token(&build))));
}

#[test]
fn a_result_that_was_complete_before_the_stop_reached_it_stands_and_is_not_retried() {
    let build = step(&running(), Event::Stop, 2000);
    let mut failed = report(Outcome::Failed);
    failed.retry_limit = 3;
    let done = apply(&build, finish(&build, failed), Timestamp(2001)).unwrap();
    assert_eq!(done.build.outcome(), Some(Outcome::Failed));
    assert_eq!(done.build.reason.as_deref(), Some("it ended before the stop reached it"));
    assert!(!done.effects.iter().any(|effect| matches!(effect, Effect::Retry { .. })));
}

#[test]
fn a_failure_is_retried_up_to_its_limit() {
    for (number, retried) in [(None, Some(1)), (Some(1), Some(2)), (Some(2), None)] {
        let mut build = running();
        build.spec.retry_of = number.map(|number| RetryOf { previous: spec().id, number });
        let mut failed = report(Outcome::Failed);
        failed.retry_limit = 2;
        let effects = apply(&build, finish(&build, failed), Timestamp(2000)).unwrap().effects;
        let wanted = retried.map(|number| Effect::Retry { of: spec().id, number });
        assert_eq!(effects.into_iter().find(|effect| matches!(effect, Effect::Retry { .. })), wanted);
    }
}

#[test]
fn a_lost_build_is_queued_again_until_commands_began() {
    let build = running();
    let early = step(&build, Event::Lost { reason: "no heartbeat for 30 s".to_owned() }, 5000);
    assert_eq!(early.state, State::Queued { since: Timestamp(0) });
    assert_eq!(names(&early), [("SUBMITTED", Some("SUCCEEDED")), ("QUEUED", None)]);
    assert_eq!(early.reason.as_deref(), Some("agent a1 was lost: no heartbeat for 30 s"));
    let begun = step(&build, progress(&build, vec![record(Phase::Install, 0, None)]), 1500);
    let late = step(&begun, Event::Lost { reason: "gone".to_owned() }, 5000);
    assert_eq!(late.outcome(), Some(Outcome::Fault));
    let install = late.phases.iter().find(|one| one.phase_type == Phase::Install).unwrap();
    assert_eq!(install.phase_status, Some(PhaseStatus::Fault));
    assert_eq!(install.contexts[0].status_code, "INTERNAL_SERVICE_ERROR");
    assert!(install.contexts[0].message.starts_with("agent a1 was lost: gone; its commands had begun"));
}

#[test]
fn a_build_that_loses_three_agents_is_held_to_be_the_cause() {
    let mut build = queued();
    for loss in 1..=MAX_LOSSES {
        build = step(&build, Event::Lease { agent: agent("a1") }, 1000);
        build = step(&build, Event::Lost { reason: "gone".to_owned() }, 2000);
        assert_eq!(build.losses, loss);
    }
    assert_eq!(build.outcome(), Some(Outcome::Fault));
    assert_eq!((build.attempt, build.epoch), (0, 3));
}

#[test]
fn a_stop_ends_the_running_phase_without_contexts_and_skips_the_rest() {
    let build = running();
    let begun = step(&build, progress(&build, vec![record(Phase::Build, 0, None)]), 1500);
    let stopping = step(&begun, Event::Stop, 2000);
    let done = step(&stopping, finish(&stopping, report(Outcome::Stopped)), 2500);
    assert_eq!(names(&done)[3..], [("BUILD", Some("STOPPED")), ("COMPLETED", None)]);
    assert!(done.phases[3].contexts.is_empty());
}

#[test]
fn a_build_that_waits_too_long_times_out_in_its_queue_phase() {
    let declined = Event::Decline { token: token(&leased()), reason: "disk full".to_owned() };
    let build = step(&step(&leased(), declined, 2000), Event::QueueTimeout, 9000);
    assert_eq!(names(&build)[1..], [("QUEUED", Some("TIMED_OUT")), ("COMPLETED", None)]);
    assert_eq!(build.phases[1].contexts[0].status_code, "BUILD_TIMED_OUT");
    assert_eq!(
        build.reason.as_deref(),
        Some("no agent took it within its queue time-out; agent a1 declined it: disk full")
    );
}
