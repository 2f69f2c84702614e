//! Many simulated agents and one client, all on one thread: what they take of the processors is bounded, and the rest is
//! the coordinator's.

use super::agent::{Agent, Orders, Tally};
use buildyard_model::{Architecture, Capacity, Resources, Submission};
use buildyard_proto::v1::builds_client::BuildsClient;
use buildyard_proto::v1::fleet_client::FleetClient;
use buildyard_proto::{convert, v1};
use futures::{StreamExt, TryStreamExt, stream};
use harness::Fleet;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};

/// Enrolments, connections and submissions under way at once.
const AT_ONCE: usize = 64;
/// Longer than any step should take.
const PATIENCE: Duration = Duration::from_secs(300);

/// The agents and how they are told what to do.
pub(super) struct Herd {
    address: SocketAddr,
    channel: Channel,
    bearer: MetadataValue<tonic::metadata::Ascii>,
    credentials: Vec<String>,
    capacity: Vec<u8>,
    pub(super) tally: Arc<Tally>,
    offers: mpsc::UnboundedReceiver<(String, Instant)>,
    orders: watch::Sender<Orders>,
    running: JoinSet<()>,
}

impl Herd {
    /// Enrols so many agents; none is connected yet.
    pub(super) async fn enrol(fleet: &Fleet, count: usize) -> Self {
        let variables: HashMap<String, String> = fleet.environment().into_iter().collect();
        let url = variables["BUILDYARD_ENDPOINT"].clone();
        let address = url.trim_start_matches("http://").parse().expect("host and port");
        let channel = Endpoint::from_shared(url).expect("an address").connect().await.expect("the coordinator answers");
        let made = fleet.directory().join("coordinator/credentials.json");
        let made: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(made).expect("it is there")).expect("JSON");
        let join_token = made["join_token"].as_str().expect("a token");
        let enrol = |index: usize| {
            let mut client = FleetClient::new(channel.clone());
            let request = v1::EnrollRequest {
                name: format!("simulated-{index:05}"),
                join_token: join_token.to_owned(),
                credential: String::new(),
            };
            async move { client.enroll(request).await.map(|reply| reply.into_inner().credential) }
        };
        let enrolled = stream::iter(0..count).map(enrol).buffered(AT_ONCE);
        let credentials = enrolled.try_collect().await.expect("every agent is enrolled");
        let (tell, offers) = mpsc::unbounded_channel();
        let tally = Tally {
            offers: tell,
            connected: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            heartbeats: AtomicUsize::new(0),
        };
        let orders = Orders { healthy: false, beat_every: Duration::from_secs(5), stay: count };
        Self {
            address,
            channel,
            bearer: format!("Bearer {}", variables["BUILDYARD_TOKEN"]).parse().expect("a token"),
            credentials,
            capacity: convert::document(&capacity()),
            tally: Arc::new(tally),
            offers,
            orders: watch::channel(orders).0,
            running: JoinSet::new(),
        }
    }

    /// Connects agents until there are so many; says how long that took.
    pub(super) async fn connect(&mut self, count: usize) -> Duration {
        let started = Instant::now();
        let from = self.tally.connected.load(Ordering::Relaxed);
        let connect = |index: usize| {
            Agent::connect(self.address, &self.credentials[index], index, &self.capacity, Arc::clone(&self.tally))
        };
        let mut connecting = stream::iter(from..count).map(connect).buffer_unordered(AT_ONCE);
        while let Some(agent) = connecting.next().await {
            let (agent, orders) = (agent.expect("every agent connects"), self.orders.subscribe());
            self.running.spawn(async move { agent.run(orders).await.expect("the session goes on") });
        }
        started.elapsed()
    }

    /// Changes what all agents do.
    pub(super) fn order(&self, change: impl FnOnce(&mut Orders)) {
        self.orders.send_modify(change);
    }

    /// Lets go of all agents but so many.
    pub(super) async fn dismiss(&mut self, stay: usize) {
        self.order(|orders| orders.stay = stay);
        while self.running.len() > stay {
            self.running.join_next().await.expect("there are more").expect("it ends well");
        }
        self.tally.connected.store(stay, Ordering::Relaxed);
    }

    /// Submits one build and gives its id.
    pub(super) async fn submit(&self) -> String {
        let submission: Submission = serde_json::from_value(serde_json::json!({
            "source": {"type": "NO_SOURCE"},
            "buildspec": {"inline": "version: 0.2\nphases: {build: {commands: ['true']}}\n"},
            "environment": {"image": "none"},
            "artifacts": {"type": "NO_ARTIFACTS"},
        }))
        .expect("a submission");
        let mut request = tonic::Request::new(v1::SubmitRequest {
            project: "load".to_owned(),
            submission: convert::document(&submission).into(),
            idempotency_token: String::new(),
        });
        request.metadata_mut().insert("authorization", self.bearer.clone());
        let reply = BuildsClient::new(self.channel.clone()).submit(request).await.expect("the build is taken");
        let build: serde_json::Value = serde_json::from_slice(&reply.into_inner().build).expect("a build");
        build["id"].as_str().expect("an id").to_owned()
    }

    /// Submits so many builds.
    pub(super) async fn submit_many(&self, count: usize) {
        stream::iter(0..count).for_each_concurrent(AT_ONCE, |_| async { drop(self.submit().await) }).await;
    }

    /// A call that does as little as one can: refused for want of a token.
    pub(super) async fn refused(&self) -> Duration {
        let mut client = BuildsClient::new(self.channel.clone());
        let started = Instant::now();
        client.get(v1::GetRequest::default()).await.expect_err("a call without a token is refused");
        started.elapsed()
    }

    /// The next offer of a build, and when it came.
    pub(super) async fn offered(&mut self) -> (String, Instant) {
        tokio::time::timeout(PATIENCE, self.offers.recv()).await.expect("an offer comes").expect("agents are there")
    }

    /// Waits until so many results in all were acknowledged.
    pub(super) async fn finished(&self, count: usize) {
        let wait = async {
            while self.tally.finished.load(Ordering::Relaxed) < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("every build ends");
    }
}

/// Of one slot and two labels, as many fleets give.
fn capacity() -> Capacity {
    Capacity {
        slots: 1,
        resources: Resources { vcpu: 4, memory_mib: 8192 },
        architecture: Architecture::native(),
        labels: BTreeMap::from([("zone".to_owned(), "a".to_owned()), ("disk".to_owned(), "ssd".to_owned())]),
        privileged: false,
        local_source: false,
        executor: "fake".to_owned(),
        fleet: None,
    }
}
