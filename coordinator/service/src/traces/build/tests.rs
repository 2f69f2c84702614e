use super::*;
use buildyard_model::{JobSpec, PhaseContext, PhaseRecord};
use buildyard_scheduler::event::Report;
use buildyard_scheduler::{Event, apply};
use buildyard_traces::Value;

fn spec() -> JobSpec {
    serde_json::from_value(serde_json::json!({
        "id": "app:00000000-0000-4000-8000-000000000001", "buildNumber": 3, "initiator": "cli", "submittedAt": 1000,
        "source": {"type": "NO_SOURCE"}, "environment": {"type": "LINUX_CONTAINER", "image": "busybox:1",
        "computeType": "BUILD_GENERAL1_SMALL"}, "timeoutSeconds": 60, "queuedTimeoutSeconds": 60,
        "region": "us-east-1", "account": "000000000000"
    }))
    .unwrap()
}

/// The build after an event, and the spans of the step.
fn step(build: &Build, event: Event, at: i64) -> (Build, Vec<Span>) {
    let after = apply(build, event, Timestamp(at)).unwrap().build;
    let spans = spans(&build.state, &after, Timestamp(at));
    (after, spans)
}

fn running(build: &Build, at: i64) -> Build {
    let agent: AgentId = "a1".parse().unwrap();
    let (leased, told) = step(build, Event::Lease { agent }, at);
    assert_eq!(told, []);
    let token = leased.state.lease().unwrap().token.clone();
    let (running, told) = step(&leased, Event::Accept { token }, at + 100);
    assert_eq!(told, []);
    running
}

fn finish(build: &Build, outcome: Outcome, phases: Vec<PhaseRecord>) -> Event {
    let report = Report {
        outcome,
        phases,
        exported: Vec::new(),
        artifacts: Vec::new(),
        log_bytes: 7,
        reason: None,
        retry_limit: 0,
    };
    Event::Finish { token: build.state.lease().unwrap().token.clone(), report }
}

fn text(span: &Span, name: &str) -> String {
    match span.attributes.iter().find(|(known, _)| *known == name) {
        Some((_, Value::Text(text))) => text.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

fn times(span: &Span) -> (u128, u128) {
    let since = |at: std::time::SystemTime| at.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    (since(span.start), since(span.end))
}

#[test]
fn a_build_that_ended_is_told_with_its_wait_and_without_what_its_agent_tells() {
    let build = running(&Build::queued(spec(), Timestamp(1000)), 3000);
    let mut phase = PhaseRecord::begun(Phase::Build, Timestamp(0));
    phase.phase_status = Some(PhaseStatus::Failed);
    phase.end_time = Some(Timestamp(10));
    phase.contexts = vec![PhaseContext::new("COMMAND_EXECUTION_ERROR", "exit status 1")];
    let (_, told) = step(&build, finish(&build, Outcome::Failed, vec![phase]), 9000);
    let [root, queue] = &told[..] else { panic!("{told:?}") };
    assert_eq!((root.name.as_ref(), root.parent, times(root)), ("build", None, (1000, 9000)));
    assert_eq!(root.status, Status::Error("BUILD: exit status 1".into()));
    for (name, value) in [("build.id", "app:00000000-0000-4000-8000-000000000001"), ("project", "app"), ("agent", "a1")]
    {
        assert_eq!(text(root, name), value);
    }
    assert_eq!((text(root, "fleet").as_str(), text(root, "outcome").as_str()), ("on-demand", "FAILED"));
    assert_eq!((queue.name.as_ref(), queue.parent, times(queue)), ("queue", Some(root.id), (1000, 3000)));
    assert_eq!(queue.trace, root.trace);
}

#[test]
fn a_lost_agents_attempt_is_told_and_the_build_when_it_ends() {
    let first = running(&Build::queued(spec(), Timestamp(1000)), 3000);
    let lost = first.state.lease().unwrap().token.clone();
    let (again, told) = step(&first, Event::Lost { reason: "no sign of life".into() }, 7000);
    let [attempt] = &told[..] else { panic!("{told:?}") };
    assert_eq!((attempt.id, attempt.parent), (SpanId::of_attempt(&lost), Some(SpanId::of_build(&lost.build))));
    assert_eq!(times(attempt), (3100, 7000));
    assert!(matches!(&attempt.status, Status::Error(why) if why.contains("agent a1 was lost")), "{attempt:?}");
    let second = running(&again, 8000);
    let (_, told) = step(&second, finish(&second, Outcome::Succeeded, Vec::new()), 9000);
    assert_eq!(told.iter().map(|span| span.name.as_ref()).collect::<Vec<_>>(), ["build", "queue"]);
    assert_eq!((&told[0].status, times(&told[1])), (&Status::Ok, (1000, 8000)));
}

#[test]
fn a_build_that_never_ran_and_one_that_was_stopped_have_not_failed() {
    let (_, told) = step(&Build::queued(spec(), Timestamp(1000)), Event::Stop, 2000);
    let [root, queue] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&root.status, times(queue)), (&Status::Unset, (1000, 2000)));
}

#[test]
fn a_repetition_is_linked_to_what_it_repeats() {
    let previous = spec().id;
    let retry_of = Some(buildyard_model::RetryOf { previous: previous.clone(), number: 1 });
    let build = Build::queued(JobSpec { id: previous.repetition(1), retry_of, ..spec() }, Timestamp(1000));
    let (_, told) = step(&build, Event::Stop, 2000);
    let linked = Link { trace: TraceId::of_build(&previous), span: SpanId::of_build(&previous) };
    assert_eq!(told[0].link, Some(linked));
}
