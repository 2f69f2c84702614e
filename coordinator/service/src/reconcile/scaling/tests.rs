//! Fleets that grow and shrink, in the runtime's own time, on a place in memory: its instances are agents that the test
//! connects.

mod adopting;
mod closing;

use crate::fleets::launch::LaunchRecord;
use crate::fleets::{FleetSettings, Hosting, Provisioners};
use crate::testing::{Flawed, JOIN_TOKEN, Rig, RuntimeClock, TestAgent};
use crate::{FleetRequest, Hello, Kind, ToAgent};
use async_trait::async_trait;
use buildyard_model::fleet::{FleetContextCode, FleetStatusCode};
use buildyard_model::{
    AgentId, Architecture, BuildId, Capacity, Clock, FleetEvent, FleetEventKind, FleetName, LeaseToken, Outcome,
    Resources, Secret, Ticket,
};
use buildyard_provision::{Error as PlaceError, FakeInstance, FakePlace, Mischief, Owner, Provisioner};
use buildyard_scheduler::scaling::Policy;
use buildyard_scheduler::{Event, Report};
use buildyard_store::Store;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

mod trouble;

/// Fleets of one place.
#[derive(Debug)]
struct Places(Arc<FakePlace>);

#[async_trait]
impl Provisioners for Places {
    async fn provisioner(&self, name: &str, fleet: &FleetName) -> Result<Arc<dyn Provisioner>, PlaceError> {
        if name != "fake" {
            return Err(PlaceError::Refused(format!("there is no provisioner {name}")));
        }
        Ok(Arc::new(self.0.fleet(Owner { coordinator: "test".into(), fleet: fleet.clone() })))
    }
}

fn policy() -> Policy {
    Policy {
        max: 2,
        idle: Duration::from_secs(30),
        cool_down: Duration::ZERO,
        patience: Duration::ZERO,
        anticipate: false,
        join_within: Duration::from_secs(60),
        ..Policy::default()
    }
}

struct Stage {
    rig: Rig,
    place: Arc<FakePlace>,
    store: Arc<dyn Store>,
    flawed: Arc<Flawed>,
    clock: Arc<dyn Clock>,
    agents: HashMap<AgentId, TestAgent>,
}

impl Stage {
    async fn set(policy: Policy) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::start());
        let place = FakePlace::new(clock.clone());
        let flawed = Arc::new(Flawed::default());
        let store: Arc<dyn Store> = flawed.clone();
        let rig = open(&store, &clock, &place, policy).await;
        Self { rig, place, store, flawed, clock, agents: HashMap::new() }
    }

    /// The coordinator ends and another one starts on the same store.
    async fn restart(&mut self, policy: Policy) {
        self.rig.shutdown.cancel();
        self.agents.clear();
        self.rig = open(&self.store, &self.clock, &self.place, policy).await;
    }

    fn name() -> FleetName {
        FleetName::on_demand()
    }

    /// Lets time pass.
    async fn pass(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    fn hello(launch: &FakeInstance, held: Vec<LeaseToken>) -> Hello {
        Hello {
            version: "1".into(),
            capacity: Capacity {
                slots: 1,
                resources: Resources { vcpu: 8, memory_mib: 1 << 15 },
                architecture: Architecture::X86_64,
                labels: BTreeMap::new(),
                privileged: false,
                local_source: false,
                executor: "fake".into(),
                fleet: None,
            },
            held,
            ticket: Some(launch.launch.ticket),
            instance: None,
        }
    }

    async fn join(&self, instance: &FakeInstance, held: Vec<LeaseToken>) -> Result<TestAgent, crate::Error> {
        let name: AgentId = instance.launch.agent.parse().unwrap();
        if self.store.agent(&name).await.unwrap().is_none() {
            self.rig.service.enroll(&name, JOIN_TOKEN, "").await?;
        }
        let (end, messages) = self.rig.service.connect(&name, Self::hello(instance, held)).await?;
        Ok(TestAgent { name, messages, end })
    }

    /// A build comes in, an instance is launched for it, and its agent is offered the build.
    async fn offer_to_new(&mut self) -> (AgentId, LeaseToken) {
        self.rig.submit("app").await;
        self.pass(2).await;
        self.settle().await;
        self.offer().await
    }

    /// The agents of all running instances connect, those of ended ones go.
    async fn settle(&mut self) {
        let running = self.place.running();
        let alive =
            |name: &AgentId| running.values().any(|one| one.launch.agent == name.as_str() && one.gone_at.is_none());
        self.agents.retain(|name, _| alive(name));
        for instance in running.values().filter(|one| one.gone_at.is_none()) {
            let name: AgentId = instance.launch.agent.parse().unwrap();
            if !self.agents.contains_key(&name) {
                let agent = self.join(instance, Vec::new()).await.unwrap();
                self.agents.insert(name, agent);
            }
        }
    }

    async fn history(&self) -> Vec<FleetEvent> {
        self.rig.service.fleet_history(None, 1000).await.unwrap()
    }

    async fn kinds(&self) -> Vec<FleetEventKind> {
        self.history().await.into_iter().map(|event| event.kind).collect()
    }

    /// The next offer that any agent gets.
    async fn offer(&mut self) -> (AgentId, LeaseToken) {
        for _ in 0..100 {
            for (name, agent) in &mut self.agents {
                if let Ok(ToAgent::Offer { token, .. }) = agent.messages.try_recv() {
                    return (name.clone(), token);
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("nobody is offered a build; {:?}", self.history().await)
    }

    async fn says(&self, agent: &AgentId, event: Event) {
        let token = event.token().unwrap().clone();
        self.rig.service.heard(agent, &token, event).await.unwrap();
    }

    async fn finishes(&self, agent: &AgentId, token: LeaseToken) {
        let report = Report {
            outcome: Outcome::Succeeded,
            phases: Vec::new(),
            exported: Vec::new(),
            artifacts: Vec::new(),
            log_bytes: 0,
            reason: None,
            retry_limit: 0,
        };
        self.says(agent, Event::Finish { token, report }).await;
    }

    async fn reason(&self, build: &BuildId) -> String {
        self.rig.service.build(build).await.unwrap().reason.unwrap_or_default()
    }
}

impl Stage {
    async fn measures(&self, line: &str) -> bool {
        self.rig.service.metrics_text().await.lines().any(|one| one == line)
    }

    /// Agents say that they live: time passes with nobody lost.
    async fn live(&mut self, seconds: u64) {
        for _ in 0..seconds {
            for agent in self.agents.keys() {
                self.rig.service.heartbeat(agent, "");
            }
            self.pass(1).await;
            self.settle().await;
        }
    }
}

async fn open(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, place: &Arc<FakePlace>, policy: Policy) -> Rig {
    let settings = FleetSettings { provisioner: "fake".into(), policy, slots: Some(1), labels: BTreeMap::new() };
    let none = FleetSettings { provisioner: "none".into(), ..settings.clone() };
    let fleets = [("on-demand", settings.clone()), ("default", settings), ("broken", none)];
    let hosting = Hosting {
        fleets: fleets.map(|(name, settings)| (name.to_owned(), settings)).into(),
        provisioners: Arc::new(Places(place.clone())),
        coordinator: "http://localhost:8081".into(),
        join_token: Secret::new(JOIN_TOKEN),
    };
    Rig::start_hosted(store.clone(), clock.clone(), hosting).await
}

fn ended_idle(history: &[FleetEvent]) -> bool {
    let gone = |event: &&FleetEvent| matches!(event.kind, FleetEventKind::Terminated | FleetEventKind::Ended);
    history.iter().filter(gone).all(|event| event.builds == 0)
}

#[tokio::test(start_paused = true)]
async fn a_fleet_grows_for_its_builds_and_shrinks_to_nothing() {
    let mut stage = Stage::set(policy()).await;
    let builds = [stage.rig.submit("app").await, stage.rig.submit("app").await, stage.rig.submit("app").await];
    stage.pass(2).await;
    assert_eq!(stage.place.running().len(), 2, "no more than max");
    let why = stage.reason(&builds[2]).await;
    assert!(why.contains("2 agents of fleet on-demand are being started"), "{why}");
    assert!(stage.measures("buildyard_fleet_instances{fleet=\"on-demand\",status=\"pending\"} 2.0").await);
    stage.settle().await;
    assert!(stage.measures("buildyard_fleet_instances{fleet=\"on-demand\",status=\"running\"} 2.0").await);
    for _ in &builds {
        let (agent, token) = stage.offer().await;
        stage.says(&agent, Event::Accept { token: token.clone() }).await;
        stage.live(5).await;
        stage.finishes(&agent, token).await;
    }
    stage.live(20).await;
    assert_eq!(stage.place.running().len(), 2, "idle for less than the policy's idle time");
    stage.live(80).await;
    assert!(stage.place.running().is_empty(), "{:?}", stage.rig.service.fleet_standings());
    let history = stage.history().await;
    assert!(ended_idle(&history), "{history:?}");
    let count = |kind| history.iter().filter(|event| event.kind == kind).count();
    let all = [FleetEventKind::Launched, FleetEventKind::Joined, FleetEventKind::Drained, FleetEventKind::Terminated];
    assert_eq!(all.map(count), [2; 4], "{history:?}");
    assert_eq!(count(FleetEventKind::Ended), 2, "{history:?}");
    assert_eq!(stage.rig.service.agents().await.unwrap(), [], "the agents are forgotten with their instances");
    assert!(stage.measures("buildyard_fleet_launches_total{fleet=\"on-demand\"} 2").await);
    assert!(stage.measures("buildyard_fleet_launch_seconds_count{fleet=\"on-demand\"} 2").await);
    assert!(!stage.rig.service.metrics_text().await.contains("fleet_instances{"), "none is left");
}

#[tokio::test(start_paused = true)]
async fn an_offer_to_an_agent_that_is_drained_is_taken_back_and_runs_elsewhere() {
    let mut stage = Stage::set(policy()).await;
    let build = stage.rig.submit("app").await;
    stage.pass(2).await;
    stage.settle().await;
    let (first, token) = stage.offer().await;
    // As when the offer comes a moment after the instance was chosen to go.
    stage.rig.service.set_retiring(&first, true).await;
    assert_eq!(stage.rig.service.take_offers_back(&first, "its instance is to go").await, 1);
    let revoked = stage.agents.get_mut(&first).unwrap().message().await;
    assert!(matches!(revoked, ToAgent::Revoke { token: revoked, .. } if revoked == token));
    let late = Event::Accept { token: token.clone() };
    stage.says(&first, late).await;
    assert!(stage.reason(&build).await.contains("was taken back: its instance is to go"));
    let launch = stage.rig.service.inner.fleets.launches.of_agent(&first).unwrap();
    let now = Some(stage.clock.now());
    let ending = LaunchRecord { leaving_since: now, ending_since: now, ..launch };
    stage.rig.service.keep_launches(&[ending], &[]).await.unwrap();
    stage.live(10).await;
    let (second, token) = stage.offer().await;
    assert_ne!(second, first);
    stage.says(&second, Event::Accept { token: token.clone() }).await;
    stage.finishes(&second, token).await;
    assert!(stage.rig.service.build(&build).await.unwrap().build_complete);
}

#[tokio::test(start_paused = true)]
async fn a_restarted_coordinator_goes_on_where_the_fleet_was() {
    let mut stage = Stage::set(policy()).await;
    let (agent, token) = stage.offer_to_new().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    stage.restart(policy()).await;
    stage.pass(5).await;
    assert_eq!(stage.place.started(), 1, "the instance is known still");
    let running = stage.place.running();
    let instance = running.values().next().unwrap();
    let back = stage.join(instance, vec![token.clone()]).await.unwrap();
    stage.agents.insert(agent.clone(), back);
    stage.live(60).await;
    assert_eq!(stage.place.running().len(), 1, "its agent has a build");
    stage.finishes(&agent, token).await;
    stage.live(31).await;
    // Drained, and the coordinator ends again before the instance does.
    stage.restart(Policy { idle: Duration::from_secs(1), ..policy() }).await;
    stage.live(90).await;
    assert!(stage.place.running().is_empty(), "{:?}", stage.history().await);
    assert!(ended_idle(&stage.history().await));
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_failed_halfway_is_asked_for_again_by_its_ticket() {
    let mut stage = Stage::set(policy()).await;
    let full = || PlaceError::Unavailable("no capacity".into());
    stage.place.misbehave(Mischief { lies_about_launches: Some(full()), ..Mischief::default() });
    let build = stage.rig.submit("app").await;
    stage.pass(3).await;
    assert_eq!(stage.place.started(), 1);
    assert!(stage.reason(&build).await.contains("no capacity"));
    stage.place.misbehave(Mischief { fails: Some(full()), ..Mischief::default() });
    stage.pass(20).await;
    stage.place.misbehave(Mischief::default());
    stage.settle().await;
    let (agent, token) = stage.offer().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    stage.finishes(&agent, token).await;
    assert_eq!(stage.place.started(), 1, "one build, one instance");
    assert!(stage.kinds().await.contains(&FleetEventKind::LaunchFailed));
    let failures = "fleet_launch_failures_total{fleet=\"on-demand\",reason=\"unavailable\"}";
    assert!(stage.rig.service.metrics_text().await.contains(failures));
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_agent_never_joins_is_replaced_and_ended() {
    let mut stage = Stage::set(Policy { max: 1, ..policy() }).await;
    stage.rig.submit("app").await;
    stage.pass(3).await;
    let first = stage.place.running().into_values().next().unwrap();
    stage.pass(100).await;
    let running = stage.place.running();
    assert_eq!(running.len(), 1, "replaced, and never above max");
    assert_ne!(running.values().next().unwrap().launch.ticket, first.launch.ticket);
    let refused = stage.join(&first, Vec::new()).await.err().unwrap();
    assert_eq!(refused.kind, Kind::Denied, "{refused}");
    stage.settle().await;
    stage.offer().await;
    assert!(stage.kinds().await.contains(&FleetEventKind::Forgotten));
    let failures = "buildyard_fleet_launch_failures_total{fleet=\"on-demand\",reason=\"not_joined\"} 1";
    assert!(stage.measures(failures).await);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_hides_everything_ends_no_agent_and_doubles_nothing() {
    let mut stage = Stage::set(policy()).await;
    let (agent, token) = stage.offer_to_new().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    stage.place.misbehave(Mischief { hides: true, ..Mischief::default() });
    stage.live(300).await;
    assert_eq!(stage.place.started(), 1);
    stage.place.misbehave(Mischief::default());
    stage.live(5).await;
    stage.finishes(&agent, token).await;
    assert!(ended_idle(&stage.history().await));
}

#[tokio::test(start_paused = true)]
async fn a_ticket_admits_only_the_agent_that_it_was_made_for() {
    let stage = Stage::set(policy()).await;
    stage.rig.submit("app").await;
    stage.pass(2).await;
    let instance = stage.place.running().into_values().next().unwrap();
    let thief: AgentId = "thief".parse().unwrap();
    stage.rig.service.enroll(&thief, JOIN_TOKEN, "").await.unwrap();
    let stolen = Stage::hello(&instance, Vec::new());
    assert_eq!(stage.rig.service.connect(&thief, stolen).await.unwrap_err().kind, Kind::Denied);
    let made_up = Hello { ticket: Some(Ticket(uuid::Uuid::from_u128(7))), ..Stage::hello(&instance, Vec::new()) };
    let refused = stage.rig.service.connect(&thief, made_up).await.unwrap_err();
    assert!(refused.message.contains("is not known here"), "{refused}");
    // What the agent claims of its fleet is not what counts.
    let mut claims = Stage::hello(&instance, Vec::new());
    claims.capacity.fleet = Some("other".parse().unwrap());
    let name: AgentId = instance.launch.agent.parse().unwrap();
    stage.rig.service.enroll(&name, JOIN_TOKEN, "").await.unwrap();
    let _open = stage.rig.service.connect(&name, claims).await.unwrap();
    let agents = stage.rig.service.agents().await.unwrap();
    let agent = agents.iter().find(|agent| agent.name == name).unwrap();
    assert_eq!(agent.capacity.fleet, Some(Stage::name()));
}

#[tokio::test(start_paused = true)]
async fn a_fleet_of_codebuilds_api_comes_stands_and_goes() {
    let mut stage = Stage::set(policy()).await;
    let request = |name: &str| FleetRequest {
        name: Some(name.into()),
        base_capacity: Some(1),
        environment_type: Some("LINUX_CONTAINER".into()),
        compute_type: Some("BUILD_GENERAL1_SMALL".into()),
        ..FleetRequest::default()
    };
    let fleet = stage.rig.service.create_fleet(request("linux")).await.unwrap();
    assert_eq!(fleet.status.status_code, FleetStatusCode::Creating);
    // A fleet whose place cannot be used holds up no other.
    stage.rig.service.create_fleet(request("broken")).await.unwrap();
    stage.pass(5).await;
    stage.live(5).await;
    let status = async |name: &str| stage.rig.service.fleet(name).await.unwrap().map(|fleet| fleet.status);
    assert_eq!(status("linux").await.unwrap().status_code, FleetStatusCode::Active);
    let broken = status("broken").await.unwrap();
    assert_eq!(broken.context, Some(FleetContextCode::CreateFailed));
    assert_eq!(broken.message.as_deref(), Some("there is no provisioner none"));
    assert_eq!(stage.place.running().len(), 1, "its base capacity");
    stage.rig.service.delete_fleet(&fleet.arn).await.unwrap();
    stage.live(40).await;
    assert_eq!(stage.rig.service.fleet("linux").await.unwrap(), None);
    assert!(stage.place.running().is_empty());
}
