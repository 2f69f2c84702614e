//! Peers at the session door that do not keep to the protocol: who sends garbage, and who floods. Neither costs the
//! coordinator more than its own session, nor holds up anybody else.

use buildyard_proto::v1::agent_message::Body;
use buildyard_proto::v1::coordinator_message::Body as Told;
use buildyard_proto::v1::fleet_client::FleetClient;
use buildyard_proto::v1::{self, AgentMessage, CoordinatorMessage};
use futures::channel::mpsc::{UnboundedSender, unbounded};
use harness::Fleet;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Streaming};

const CAPACITY: &str =
    r#"{"slots":1,"resources":{"vcpu":2,"memory_mib":4096},"architecture":"x86_64","executor":"fake"}"#;

/// An enrolled agent that says what it likes.
struct Peer {
    channel: Channel,
    credential: String,
}

impl Peer {
    async fn enrol(fleet: &Fleet, name: &str) -> Self {
        let variables: HashMap<String, String> = fleet.environment().into_iter().collect();
        let endpoint = Endpoint::from_shared(variables["BUILDYARD_ENDPOINT"].clone()).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let made = std::fs::read_to_string(fleet.directory().join("coordinator/credentials.json")).unwrap();
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        let request = v1::EnrollRequest {
            name: name.to_owned(),
            join_token: made["join_token"].as_str().unwrap().to_owned(),
            credential: String::new(),
        };
        let credential = FleetClient::new(channel.clone()).enroll(request).await.unwrap().into_inner().credential;
        Self { channel, credential }
    }

    /// Opens a session: what is sent, and what comes.
    async fn open(&self) -> (UnboundedSender<AgentMessage>, Streaming<CoordinatorMessage>) {
        let (say, said) = unbounded();
        let mut request = Request::new(said);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.credential).parse().unwrap());
        let answers = FleetClient::new(self.channel.clone()).session(request).await.unwrap().into_inner();
        (say, answers)
    }

    /// A session that was welcomed.
    async fn join(&self) -> (UnboundedSender<AgentMessage>, Streaming<CoordinatorMessage>) {
        let (say, mut answers) = self.open().await;
        say.unbounded_send(message(0, hello(CAPACITY))).unwrap();
        let welcome = answers.message().await.unwrap().unwrap();
        assert!(matches!(welcome.body, Some(Told::Welcome(_))), "{welcome:?}");
        (say, answers)
    }

    /// How a session ends in which just these messages are sent.
    async fn end_of(&self, what: &str, messages: Vec<AgentMessage>) -> Code {
        let (say, mut answers) = self.open().await;
        for message in messages {
            say.unbounded_send(message).unwrap();
        }
        let last = async {
            loop {
                match answers.message().await {
                    Ok(Some(_)) => {}
                    Ok(None) => return Code::Ok,
                    Err(status) => return status.code(),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), last)
            .await
            .unwrap_or_else(|_| panic!("the session goes on after {what}"))
    }
}

fn message(number: u64, body: Body) -> AgentMessage {
    AgentMessage { number, body: Some(body) }
}

fn hello(capacity: &str) -> Body {
    let capacity = capacity.to_owned().into();
    Body::Hello(v1::Hello { protocol: 1, version: "test".to_owned(), capacity, ..v1::Hello::default() })
}

fn heartbeat() -> Body {
    Body::Heartbeat(v1::Heartbeat::default())
}

/// A result of a build that nobody knows.
fn result(build_id: String, reason: String) -> Body {
    let lease = Some(v1::Lease { build_id, attempt: 1, epoch: 1 });
    Body::Finished(v1::Finished { lease, outcome: "FAULT".to_owned(), reason, ..v1::Finished::default() })
}

fn unknown_build(index: u64) -> String {
    format!("p1:00000000-0000-4000-8000-{index:012}")
}

#[test]
fn garbage_ends_its_own_session_with_a_reason() {
    let fleet = Fleet::start_with("", Vec::new());
    Runtime::new().unwrap().block_on(async {
        let (bad, good) = (Peer::enrol(&fleet, "bad").await, Peer::enrol(&fleet, "good").await);
        let (say, mut answers) = good.join().await;
        let large = CAPACITY.replace("fake", &"x".repeat(300 * 1024));
        let newer = Body::Hello(v1::Hello { protocol: 9, ..v1::Hello::default() });
        let rows = [
            ("no Hello", vec![message(0, heartbeat())], Code::InvalidArgument),
            ("another protocol", vec![message(0, newer)], Code::InvalidArgument),
            ("no JSON", vec![message(0, hello("{"))], Code::InvalidArgument),
            ("a large Hello", vec![message(0, hello(&large))], Code::ResourceExhausted),
            (
                "a lease of no build",
                vec![message(0, hello(CAPACITY)), message(1, result("../../etc".to_owned(), String::new()))],
                Code::InvalidArgument,
            ),
            (
                "more than a message may have",
                vec![message(0, hello(CAPACITY)), message(1, result(unknown_build(1), "x".repeat(5 << 20)))],
                Code::OutOfRange,
            ),
        ];
        for (what, messages, expected) in rows {
            assert_eq!(bad.end_of(what, messages).await, expected, "{what}");
        }
        // The other session has gone on, and the bad agent may come again when it has learnt to speak.
        say.unbounded_send(message(1, Body::Draining(v1::Draining {}))).unwrap();
        let answer = answers.message().await.unwrap().unwrap();
        assert!(matches!(answer.body, Some(Told::Ack(v1::Ack { number: 1 }))), "{answer:?}");
        bad.join().await;
    });
}

#[test]
fn a_flood_is_acknowledged_in_order_and_holds_up_nobody() {
    const MESSAGES: u64 = 20_000;
    let fleet = Fleet::start_with("", Vec::new());
    let runtime = Runtime::new().unwrap();
    let (say, answers) = runtime.block_on(async { Peer::enrol(&fleet, "flooding").await.join().await });
    for number in 1..=MESSAGES {
        // A kilobyte each, about builds that repeat.
        say.unbounded_send(message(number, result(unknown_build(number % 100), "x".repeat(1024)))).unwrap();
    }
    let acknowledged = runtime.spawn(all_acknowledged(answers, MESSAGES));
    let started = Instant::now();
    fleet.submit("version: 0.2\nphases: {build: {commands: ['true']}}\n", &["--image", "none"]);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(10), "a build was taken after {took:?}");
    runtime.block_on(acknowledged).unwrap();
    let peak = fleet.coordinator.peak_memory_kib();
    assert!(peak < 300 * 1024, "{peak} KiB for a flood of {MESSAGES} messages");
}

/// Reads until the last number is acknowledged.
async fn all_acknowledged(mut answers: Streaming<CoordinatorMessage>, messages: u64) {
    let mut last = 0;
    while last < messages {
        let answer = answers.message().await.unwrap().expect("the session goes on");
        match answer.body {
            Some(Told::Ack(ack)) => {
                assert!(ack.number > last, "{} after {last}", ack.number);
                last = ack.number;
            }
            // Each lease is unknown, and it is told so. It is offered builds like anybody.
            Some(Told::Revoke(_) | Told::Offer(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}
