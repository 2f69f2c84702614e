use super::{Heartbeat, Hello, MOST_HELD, Removal, Withdraw};
use crate::testing::{Flawed, JOIN_TOKEN, Rig, RuntimeClock, TestAgent};
use crate::{Kind, ToAgent};
use buildyard_model::{
    Affinity, AgentId, AgentStatus, BuildId, BuildStatus, BuildView, LeaseToken, Skew, Vitals, WithdrawalKind,
};
use buildyard_scheduler::Event;
use buildyard_store::Memory;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn what_an_agent_holds_and_how_its_host_does_come_with_heartbeats() {
    let rig = Rig::start().await;
    let agent = rig.connect("a1", 1, vec![]).await;
    let held = |image| Affinity::image(image);
    let vitals = Vitals { cpu_percent: 40, ..Vitals::default() };
    let beat = Heartbeat { holds: Some(vec![held("x"), held("y")]), vitals: Some(vitals), ..Heartbeat::default() };
    rig.service.heartbeat(&agent.name, beat);
    // One that says nothing of them leaves them as they were.
    rig.service.heartbeat(&agent.name, "");
    let session = rig.service.inner.sessions.get(&agent.name).unwrap();
    assert_eq!(*session.holds, [held("x"), held("y")].into());
    assert_eq!(rig.service.agents().await.unwrap()[0].vitals, Some(vitals));
    rig.service.heartbeat(&agent.name, Heartbeat { holds: Some(vec![]), ..Heartbeat::default() });
    assert!(rig.service.inner.sessions.get(&agent.name).unwrap().holds.is_empty());
}

#[tokio::test]
async fn of_all_that_an_agent_says_it_holds_a_bounded_part_is_kept() {
    let rig = Rig::start().await;
    let agent = rig.connect("a1", 1, vec![]).await;
    let many = (0..10_000).map(Affinity).collect();
    rig.service.heartbeat(&agent.name, Heartbeat { holds: Some(many), ..Heartbeat::default() });
    assert_eq!(rig.service.inner.sessions.get(&agent.name).unwrap().holds.len(), MOST_HELD);
}

fn withdraw(kind: WithdrawalKind, within: Option<Duration>) -> Withdraw {
    Withdraw { kind, within, by: "ann".into(), reason: "new kernel".into() }
}

async fn accepted(rig: &Rig, agent: &mut TestAgent) -> LeaseToken {
    let token = agent.offer().await;
    rig.service.heard(&agent.name, &token, Event::Accept { token: token.clone() }).await.unwrap();
    token
}

async fn commands_begin(rig: &Rig, agent: &TestAgent, token: &LeaseToken) {
    let begun = Event::Progress {
        token: token.clone(),
        phases: vec![],
        commands_started: true,
        image_digest: None,
        resolved_source_version: None,
    };
    rig.service.heard(&agent.name, token, begun).await.unwrap();
}

/// The build's view once it is complete; time flies.
async fn ended(rig: &Rig, build: &BuildId) -> BuildView {
    let mut watch = rig.service.watch(build);
    loop {
        let view = watch.next().await.unwrap().unwrap();
        if view.build_complete {
            return view;
        }
    }
}

async fn reason(rig: &Rig, build: &BuildId) -> Option<String> {
    rig.service.build(build).await.unwrap().reason
}

#[tokio::test]
async fn a_cordoned_agent_keeps_what_it_was_offered_and_gets_nothing_new() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 2, vec![]).await;
    rig.submit("p1").await;
    let offered = agent.offer().await;
    let view = rig.service.withdraw(&agent.name, withdraw(WithdrawalKind::Cordon, None)).await.unwrap();
    assert_eq!((view.status, view.withdrawal.unwrap().by.as_str()), (AgentStatus::Cordoned, "ann"));
    assert_eq!(agent.message().await, ToAgent::Drain(false));
    rig.service.heard(&agent.name, &offered, Event::Accept { token: offered.clone() }).await.unwrap();
    let waiting = rig.submit("p1").await;
    let why = "no agent that fits takes builds now: a1 is cordoned by ann: new kernel";
    assert_eq!(reason(&rig, &waiting).await.as_deref(), Some(why));
    // It is remembered with the agent, not with its session.
    drop(agent.end);
    let mut agent = rig.connect("a1", 2, vec![offered]).await;
    assert_eq!(rig.service.agents().await.unwrap()[0].status, AgentStatus::Cordoned);
    rig.service.drain(&agent.name, false).await.unwrap();
    assert_eq!(agent.message().await, ToAgent::Drain(false));
    assert_eq!(agent.offer().await.build, waiting);
}

#[tokio::test]
async fn what_a_drained_agent_was_offered_goes_to_another() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let build = rig.submit("p1").await;
    let offered = agent.offer().await;
    rig.service.drain(&agent.name, true).await.unwrap();
    assert_eq!(agent.message().await, ToAgent::Drain(true));
    assert!(matches!(agent.message().await, ToAgent::Revoke { token, .. } if token == offered));
    let mut other = rig.connect("a2", 1, vec![]).await;
    assert_eq!(other.offer().await.build, build);
}

#[tokio::test(start_paused = true)]
async fn behind_the_deadline_a_drained_agents_builds_go_by_the_rules_of_lost_builds() {
    let rig = Rig::start_on(Arc::new(Memory::default()), Arc::new(RuntimeClock::start()), |_| {}).await;
    let mut agent = rig.connect("a1", 2, vec![]).await;
    let builds = [rig.submit("p1").await, rig.submit("p1").await];
    let mut tokens = [accepted(&rig, &mut agent).await, accepted(&rig, &mut agent).await];
    tokens.sort_by_key(|token| token.build != builds[0]);
    commands_begin(&rig, &agent, &tokens[0]).await;
    let within = Duration::from_secs(20);
    rig.service.withdraw(&agent.name, withdraw(WithdrawalKind::Drain, Some(within))).await.unwrap();
    tokio::time::sleep(within - Duration::from_secs(1)).await;
    assert_eq!(rig.service.agents().await.unwrap()[0].builds.len(), 2);
    let view = ended(&rig, &builds[0]).await;
    assert_eq!(view.build_status, BuildStatus::Fault);
    let said = view.reason.unwrap();
    assert!(
        said.contains("is being drained by ann: new kernel, and the 20 s that its builds had to end are over"),
        "{said}"
    );
    // No command of this one had begun: another agent may have it.
    let mut other = rig.connect("a2", 1, vec![]).await;
    assert_eq!(other.offer().await.build, builds[1]);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_cannot_be_read_keeps_no_other_on_a_drained_agent() {
    let store = Arc::new(Flawed::default());
    let rig = Rig::start_on(store.clone(), Arc::new(RuntimeClock::start()), |_| {}).await;
    let mut agent = rig.connect("a1", 2, vec![]).await;
    let builds = [rig.submit("p1").await, rig.submit("p1").await];
    for _ in 0..2 {
        let token = accepted(&rig, &mut agent).await;
        commands_begin(&rig, &agent, &token).await;
    }
    // Whichever comes first, the other is taken.
    let (damaged, sound) = if builds[0] < builds[1] { (&builds[0], &builds[1]) } else { (&builds[1], &builds[0]) };
    store.damage(damaged);
    rig.service.withdraw(&agent.name, withdraw(WithdrawalKind::Drain, Some(Duration::from_secs(20)))).await.unwrap();
    assert_eq!(ended(&rig, sound).await.build_status, BuildStatus::Fault);
}

#[tokio::test]
async fn an_agent_with_builds_is_removed_by_force_only() {
    let rig = Rig::start().await;
    let mut agent = rig.connect("a1", 1, vec![]).await;
    let build = rig.submit("p1").await;
    let token = accepted(&rig, &mut agent).await;
    commands_begin(&rig, &agent, &token).await;
    let refused = rig.service.remove_agent(&agent.name, Removal::default()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(refused.message.contains(build.to_string().as_str()), "{refused}");
    let forced = Removal { force: true, ..Removal::default() };
    rig.service.remove_agent(&agent.name, forced).await.unwrap();
    assert_eq!(ended(&rig, &build).await.build_status, BuildStatus::Fault);
    assert!(matches!(agent.message().await, ToAgent::Revoke { token: revoked, .. } if revoked == token));
    assert_eq!(agent.messages.recv().await, None, "its session is over");
    assert!(rig.service.agents().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_removed_agent_hears_so_and_its_name_is_free() {
    let rig = Rig::start().await;
    let name: AgentId = "a1".parse().unwrap();
    let credential = rig.service.enroll(&name, JOIN_TOKEN, "").await.unwrap();
    let how = Removal { force: false, by: "ann".into(), reason: "sold".into() };
    rig.service.remove_agent(&name, how).await.unwrap();
    let words = "agent a1 was removed from the fleet by ann: sold; ";
    let admitted = rig.service.admit_agent(&credential).await.unwrap_err();
    let enrolled = rig.service.enroll(&name, JOIN_TOKEN, &credential).await.unwrap_err();
    for refused in [admitted, enrolled] {
        assert_eq!(refused.kind, Kind::Denied);
        assert!(refused.message.starts_with(words), "{refused}");
    }
    let fresh = rig.service.enroll(&name, JOIN_TOKEN, "").await.unwrap();
    assert_eq!(rig.service.admit_agent(&fresh).await.unwrap(), name);
    assert!(rig.service.admit_agent(&credential).await.unwrap_err().message.starts_with(words));
}

#[tokio::test]
async fn an_agent_too_many_releases_away_is_refused_and_shown() {
    let rig = Rig::start().await;
    let name: AgentId = "a1".parse().unwrap();
    rig.service.enroll(&name, JOIN_TOKEN, "").await.unwrap();
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR").parse::<u64>().unwrap());
    let connect = async |version: String| {
        let capacity = rig.connect("other", 1, vec![]).await;
        drop(capacity);
        let capacity = rig.service.agents().await.unwrap().pop().unwrap().capacity;
        let hello = Hello { version, capacity, held: vec![], ticket: None, instance: None };
        rig.service.connect(&name, hello).await
    };
    let skew = async || rig.service.agents().await.unwrap()[0].skew;
    let newer = connect(format!("{major}.{}.0", minor + 1)).await.unwrap();
    assert_eq!(skew().await, Some(Skew::Newer));
    drop(newer);
    let refused = connect(format!("{major}.{}.0", minor + 2)).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(refused.message.ends_with("one minor release apart at most; update the coordinator"), "{refused}");
    assert_eq!(skew().await, Some(Skew::TooNew));
}
