mod lossy;

use super::*;
use buildyard_model::{Architecture, BuildId, Outcome, Resources};
use std::collections::BTreeMap;

pub(super) fn capacity(slots: u32) -> Capacity {
    Capacity {
        slots,
        resources: Resources { vcpu: 2, memory_mib: 4096 },
        architecture: Architecture::X86_64,
        labels: BTreeMap::new(),
        privileged: false,
        local_source: false,
        executor: "fake".to_owned(),
        fleet: None,
    }
}

pub(crate) fn lease(build: u128, epoch: u64) -> LeaseToken {
    let build = BuildId::new("project".parse().unwrap(), uuid::Uuid::from_u128(build));
    LeaseToken { build, attempt: u32::try_from(epoch).unwrap(), epoch }
}

pub(crate) fn job(lease: &LeaseToken) -> JobSpec {
    serde_json::from_value(serde_json::json!({
        "id": lease.build, "buildNumber": 1, "initiator": "test", "submittedAt": 0,
        "source": {"type": "NO_SOURCE"}, "environment": {"image": "x"},
        "timeoutSeconds": 60, "queuedTimeoutSeconds": 60, "region": "r", "account": "1",
    }))
    .unwrap()
}

pub(super) fn message(number: u64, body: Command) -> Input {
    Input::Received(v1::CoordinatorMessage { number, body: Some(body) })
}

pub(super) fn offer(lease: &LeaseToken) -> Command {
    Command::Offer(v1::Offer { lease: Some(lease.into()), job: convert::document(&job(lease)).into() })
}

pub(super) fn welcome(last_number: u64) -> Input {
    message(0, Command::Welcome(v1::Welcome { heartbeat_every_ms: 5000, offline_limit_ms: 600_000, last_number }))
}

pub(super) fn result(outcome: Outcome) -> Finished {
    Finished::before_start(outcome, "")
}

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What a step did, in short words.
fn words(outputs: &[Output]) -> Vec<String> {
    outputs.iter().map(word).collect()
}

fn word(output: &Output) -> String {
    match output {
        Output::Send(message) => {
            let body = match message.body.as_ref().unwrap() {
                Body::Hello(hello) => format!("hello held {}", hello.held.len()),
                Body::Heartbeat(beat) => format!("heartbeat held {} {}", beat.held.len(), beat.unhealthy),
                Body::Ack(ack) => format!("ack {}", ack.number),
                Body::Accept(_) => "accept".to_owned(),
                Body::Decline(decline) => format!("decline: {}", decline.reason),
                Body::Progress(progress) => format!("progress {}", progress.phases.len()),
                Body::Finished(finished) => format!("finished {}", finished.outcome),
                Body::Draining(_) => "draining".to_owned(),
            };
            format!("#{} {body}", message.number).replace("#0 ", "").trim_end().to_owned()
        }
        Output::Begin(lease, _) => format!("begin {}", lease.epoch),
        Output::Stop(lease, grace) => format!("stop {} {}", lease.epoch, grace.as_secs()),
        Output::Revoke(lease, _) => format!("revoke {}", lease.epoch),
        Output::GiveUp(lease, _) => format!("give up {}", lease.epoch),
        Output::Settled(lease) => format!("settled {}", lease.epoch),
        Output::Close(reason) => format!("close: {reason}"),
        Output::Awaiting(builds) => format!("awaiting {builds}"),
        Output::Drained => "drained".to_owned(),
    }
}

fn connected(slots: u32) -> Session {
    let mut session = Session::new("1", capacity(slots), []);
    assert_eq!(words(&session.handle(Input::Opened, at(0))), ["hello held 0"]);
    assert_eq!(words(&session.handle(welcome(0), at(0))), ["heartbeat held 0"]);
    session
}

fn say(session: &mut Session, input: Input) -> Vec<String> {
    words(&session.handle(input, at(1)))
}

#[test]
fn every_hello_names_the_launch() {
    let ticket = buildyard_model::Ticket(uuid::Uuid::from_u128(7));
    let instance = Some(buildyard_model::InstanceId("i-1".to_owned()));
    let launch = LaunchConfig { ticket: Some(ticket), instance, ..LaunchConfig::default() };
    let mut session = Session::new("1", capacity(1), []).launched_by(&launch);
    for second in [0, 1] {
        let outputs = session.handle(Input::Opened, at(second));
        let Some(Output::Send(v1::AgentMessage { body: Some(Body::Hello(hello)), .. })) = outputs.first() else {
            panic!("{outputs:?}");
        };
        assert_eq!((hello.ticket.as_str(), hello.instance.as_str()), (ticket.to_string().as_str(), "i-1"));
        session.handle(Input::Closed, at(second));
    }
}

#[test]
fn an_offer_is_begun_accepted_and_reported_until_it_is_settled() {
    let (mut session, one) = (connected(1), lease(1, 1));
    assert_eq!(say(&mut session, message(1, offer(&one))), ["begin 1", "ack 1"]);
    assert_eq!(say(&mut session, Input::Began(one.clone())), ["#1 accept"]);
    assert_eq!(say(&mut session, Input::Progress(one.clone(), Snapshot::default())), ["#2 progress 0"]);
    assert_eq!(say(&mut session, Input::Finished(one.clone(), result(Outcome::Succeeded))), ["#3 finished SUCCEEDED"]);
    assert_eq!(session.held(), std::slice::from_ref(&one));
    assert_eq!(say(&mut session, Input::Freed(one.clone())), [""; 0]);
    assert_eq!(say(&mut session, message(0, Command::Ack(v1::Ack { number: 3 }))), ["settled 1"]);
    assert!(session.held().is_empty());
}

#[test]
fn pending_messages_are_sent_again_and_older_progress_is_left_out() {
    let (mut session, one) = (connected(1), lease(1, 1));
    say(&mut session, message(1, offer(&one)));
    say(&mut session, Input::Began(one.clone()));
    say(&mut session, Input::Closed);
    say(&mut session, Input::Progress(one.clone(), Snapshot::default()));
    let later = Snapshot {
        phases: vec![buildyard_model::PhaseRecord::begun(buildyard_model::Phase::Provisioning, Default::default())],
        ..Default::default()
    };
    say(&mut session, Input::Progress(one.clone(), later));
    assert_eq!(say(&mut session, Input::Opened), ["hello held 1"]);
    assert_eq!(say(&mut session, welcome(0)), ["#1 accept", "#3 progress 1", "heartbeat held 1"]);
    say(&mut session, Input::Closed);
    say(&mut session, Input::Opened);
    assert_eq!(say(&mut session, welcome(1)), ["#3 progress 1", "heartbeat held 1"]);
}

#[test]
fn a_restarted_agent_goes_on_behind_the_numbers_that_were_used() {
    let one = lease(1, 1);
    let mut session = Session::new("1", capacity(1), [one.clone()]);
    say(&mut session, Input::Finished(one.clone(), result(Outcome::Failed)));
    assert_eq!(say(&mut session, Input::Opened), ["hello held 1"]);
    assert_eq!(say(&mut session, welcome(41)), ["#42 finished FAILED", "heartbeat held 1"]);
}

#[test]
fn offers_beyond_the_slots_are_declined_unless_a_slot_is_being_freed() {
    let (mut session, one, two, three) = (connected(1), lease(1, 1), lease(2, 2), lease(3, 3));
    say(&mut session, message(1, offer(&one)));
    assert_eq!(say(&mut session, message(2, offer(&two))), ["#1 decline: all 1 slots are in use", "ack 2"]);
    say(&mut session, Input::Finished(one.clone(), result(Outcome::Succeeded)));
    assert_eq!(say(&mut session, message(3, offer(&lease(2, 4)))), ["ack 3"], "it waits for the slot");
    assert_eq!(say(&mut session, message(4, offer(&three))), ["#3 decline: all 1 slots are in use", "ack 4"]);
    assert_eq!(say(&mut session, Input::Freed(one)), ["begin 4"]);
}

#[test]
fn a_waiting_offer_is_declined_when_no_slot_becomes_free() {
    let (mut session, one, two) = (connected(1), lease(1, 1), lease(2, 2));
    say(&mut session, message(1, offer(&one)));
    say(&mut session, Input::Finished(one, result(Outcome::Succeeded)));
    say(&mut session, message(2, offer(&two)));
    let late = words(&session.handle(Input::Tick, at(11)));
    assert!(late.contains(&"#2 decline: no slot became free in time".to_owned()), "{late:?}");
}

#[test]
fn a_repeated_message_is_acknowledged_and_acted_on_once() {
    let (mut session, one) = (connected(2), lease(1, 1));
    say(&mut session, message(1, offer(&one)));
    assert_eq!(say(&mut session, message(1, offer(&one))), ["ack 1"]);
    say(&mut session, Input::Began(one.clone()));
    assert_eq!(say(&mut session, message(2, offer(&one))), ["#2 accept", "ack 2"], "asked again, answered again");
}

#[test]
fn a_newer_lease_of_a_build_revokes_the_older() {
    let (mut session, old, new) = (connected(2), lease(1, 1), lease(1, 2));
    say(&mut session, message(1, offer(&old)));
    say(&mut session, Input::Began(old.clone()));
    assert_eq!(say(&mut session, message(2, offer(&new))), ["revoke 1", "begin 2", "ack 2"]);
    assert_eq!(
        say(&mut session, Input::Finished(old, result(Outcome::Succeeded))),
        [""; 0],
        "a stale result is not sent"
    );
}

#[test]
fn a_revoked_lease_is_not_reported_and_keeps_its_slot_until_it_is_free() {
    let (mut session, one) = (connected(1), lease(1, 1));
    say(&mut session, message(1, offer(&one)));
    let revoke = |lease: &LeaseToken| Command::Revoke(v1::Revoke { lease: Some(lease.into()), reason: "lost".into() });
    assert_eq!(say(&mut session, message(2, revoke(&one))), ["revoke 1", "ack 2"]);
    assert!(session.held().is_empty());
    assert_eq!(say(&mut session, message(3, offer(&lease(2, 2)))), ["ack 3"]);
    assert_eq!(say(&mut session, Input::Freed(one)), ["begin 2"]);
}

#[test]
fn stop_reaches_the_build_and_ends_an_offer_that_waits() {
    let (mut session, one, two) = (connected(1), lease(1, 1), lease(2, 2));
    let stop = |lease: &LeaseToken| Command::Stop(v1::Stop { lease: Some(lease.into()), grace_ms: 7000 });
    say(&mut session, message(1, offer(&one)));
    assert_eq!(say(&mut session, message(2, stop(&one))), ["stop 1 7", "ack 2"]);
    say(&mut session, Input::Finished(one, result(Outcome::Stopped)));
    say(&mut session, message(3, offer(&two)));
    assert_eq!(say(&mut session, message(4, stop(&two))), ["#2 finished STOPPED", "ack 4"]);
    assert_eq!(
        say(&mut session, message(5, stop(&lease(9, 9)))),
        ["ack 5"],
        "a lease that is not held is none of ours"
    );
}

#[test]
fn builds_are_given_up_after_the_offline_limit_and_their_end_is_reported_later() {
    let (mut session, one) = (connected(1), lease(1, 1));
    say(&mut session, message(1, offer(&one)));
    say(&mut session, Input::Began(one.clone()));
    session.handle(Input::Closed, at(100));
    session.handle(Input::Opened, at(300));
    session.handle(Input::Closed, at(301));
    assert_eq!(session.next_wake(), Some(at(700)));
    assert_eq!(words(&session.handle(Input::Tick, at(699))), [""; 0]);
    assert_eq!(words(&session.handle(Input::Tick, at(700))), ["give up 1"]);
    assert_eq!(words(&session.handle(Input::Tick, at(701))), [""; 0]);
    session.handle(Input::Finished(one, result(Outcome::Fault)), at(702));
    session.handle(Input::Opened, at(800));
    assert_eq!(words(&session.handle(welcome(1), at(800))), ["#2 finished FAULT", "heartbeat held 1"]);
}

#[test]
fn heartbeats_name_what_is_held_and_why_no_build_can_run() {
    let mut session = connected(1);
    assert_eq!(session.next_wake(), Some(at(5)));
    assert_eq!(words(&session.handle(Input::Tick, at(5))), ["heartbeat held 0"]);
    assert_eq!(say(&mut session, Input::Health(Some("disk full".into()))), ["heartbeat held 0 disk full"]);
    assert_eq!(say(&mut session, message(1, offer(&lease(1, 1)))), ["#1 decline: disk full", "ack 1"]);
}

#[test]
fn a_draining_agent_finishes_what_it_has_and_ends() {
    let (mut session, one) = (connected(2), lease(1, 1));
    say(&mut session, message(1, offer(&one)));
    assert_eq!(say(&mut session, Input::Drain), ["#1 draining"]);
    assert_eq!(say(&mut session, message(2, offer(&lease(2, 2)))), ["#2 decline: the agent is draining", "ack 2"]);
    say(&mut session, Input::Finished(one.clone(), result(Outcome::Succeeded)));
    say(&mut session, Input::Freed(one));
    assert_eq!(say(&mut session, message(0, Command::Ack(v1::Ack { number: 3 }))), ["settled 1", "drained"]);
}

#[test]
fn who_is_told_to_drain_declines_until_told_otherwise_or_a_new_session_begins() {
    let mut session = connected(2);
    let drain = |draining| Command::Drain(v1::Drain { draining });
    assert_eq!(say(&mut session, message(1, drain(true))), ["awaiting false", "ack 1"]);
    assert_eq!(say(&mut session, message(2, offer(&lease(1, 1)))), ["#1 decline: the agent is draining", "ack 2"]);
    assert_eq!(say(&mut session, message(3, drain(false))), ["awaiting true", "ack 3"]);
    assert_eq!(say(&mut session, message(4, offer(&lease(2, 2)))), ["begin 2", "ack 4"]);
    say(&mut session, message(5, drain(true)));
    say(&mut session, Input::Opened);
    say(&mut session, welcome(1));
    assert_eq!(say(&mut session, message(1, offer(&lease(3, 3)))), ["awaiting true", "begin 3", "ack 1"]);
}

#[test]
fn an_agent_that_leaves_says_so_in_every_session() {
    let (mut session, one) = (connected(1), lease(1, 1));
    say(&mut session, message(1, offer(&one)));
    assert_eq!(say(&mut session, Input::Drain), ["#1 draining"]);
    say(&mut session, message(0, Command::Ack(v1::Ack { number: 1 })));
    say(&mut session, Input::Opened);
    assert_eq!(say(&mut session, welcome(1)), ["#2 draining", "heartbeat held 1"]);
}

#[test]
fn an_idle_agent_is_drained_at_once() {
    assert_eq!(say(&mut connected(1), Input::Drain), ["#1 draining", "drained"]);
}

#[test]
fn a_coordinator_that_does_not_answer_is_left() {
    let mut session = Session::new("1", capacity(1), []);
    session.handle(Input::Opened, at(0));
    let outputs = words(&session.handle(Input::Tick, at(10)));
    assert_eq!(outputs, ["close: the coordinator did not answer Hello within 10 s"]);
    session.handle(Input::Opened, at(20));
    let early = words(&session.handle(message(1, offer(&lease(1, 1))), at(20)));
    assert_eq!(early, ["close: the coordinator's first message was not Welcome"]);
}

#[test]
fn a_job_that_cannot_be_read_is_declined() {
    let (mut session, one) = (connected(1), lease(1, 1));
    let broken = Command::Offer(v1::Offer { lease: Some((&one).into()), job: b"{}".as_slice().into() });
    let said = say(&mut session, message(1, broken));
    assert!(said[0].starts_with("#1 decline: the job cannot be read"), "{said:?}");
}

#[test]
fn what_the_agent_holds_is_told_once_to_each_session_and_when_it_changes() {
    let mut session = connected(1);
    let beat = |session: &mut Session, now| {
        let outputs = session.handle(Input::Tick, at(now));
        let beats = outputs.into_iter().filter_map(|output| match output {
            Output::Send(v1::AgentMessage { body: Some(Body::Heartbeat(beat)), .. }) => {
                Some((beat.holds_changed, beat.holds))
            }
            _ => None,
        });
        beats.collect::<Vec<_>>()
    };
    let holds = |names: &[&str]| Input::Holds(names.iter().map(|name| Affinity::image(name)).collect());
    assert_eq!(beat(&mut session, 5), [(false, vec![])]);
    session.handle(holds(&["x"]), at(6));
    assert_eq!(beat(&mut session, 10), [(true, vec![Affinity::image("x").0])]);
    session.handle(holds(&["x"]), at(11));
    assert_eq!(beat(&mut session, 15), [(false, vec![])]);
    session.handle(Input::Closed, at(16));
    session.handle(Input::Opened, at(17));
    let outputs = session.handle(welcome(0), at(17));
    let told = |output: &Output| matches!(output, Output::Send(v1::AgentMessage { body: Some(Body::Heartbeat(beat)), .. }) if beat.holds_changed && beat.holds.len() == 1);
    assert!(outputs.iter().any(told), "{outputs:?}");
}

#[test]
fn a_look_at_the_host_is_told_with_one_heartbeat() {
    let mut session = connected(1);
    let looked = Vitals { cpu_percent: 7, ..Vitals::default() };
    assert!(session.handle(Input::Vitals(looked), at(1)).is_empty());
    let told = |outputs: Vec<Output>| match &outputs[..] {
        [Output::Send(v1::AgentMessage { body: Some(Body::Heartbeat(beat)), .. })] => beat.vitals.clone(),
        other => panic!("expected a heartbeat, got {other:?}"),
    };
    let first = told(session.handle(Input::Tick, at(5)));
    assert_eq!(convert::from_document::<Vitals>("vitals", &first).unwrap(), looked);
    assert!(told(session.handle(Input::Tick, at(10))).is_empty());
}
