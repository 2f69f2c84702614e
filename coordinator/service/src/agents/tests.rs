use super::{Heartbeat, MOST_HELD};
use crate::testing::Rig;
use buildyard_model::{Affinity, Vitals};

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
