//! Instances that cannot be given tickets, as those of an Auto Scaling group: their agents name the instance.

use super::*;
use buildyard_model::InstanceId;

impl Stage {
    async fn ticketless() -> Self {
        let stage = Self::set(policy()).await;
        stage.place.misbehave(Mischief { keeps_tickets: true, ..Mischief::default() });
        stage
    }

    /// An agent of its host's name that knows no more than what its instance is called.
    async fn wake(&mut self, name: &str, instance: &InstanceId) -> Result<(), crate::Error> {
        let name: AgentId = name.parse().unwrap();
        if self.store.agent(&name).await.unwrap().is_none() {
            self.rig.service.enroll(&name, JOIN_TOKEN, "").await?;
        }
        let launched = self.place.running().into_values().next().unwrap();
        let hello = Hello { ticket: None, instance: Some(instance.clone()), ..Self::hello(&launched, Vec::new()) };
        let (end, messages) = self.rig.service.connect(&name, hello).await?;
        self.agents.insert(name.clone(), TestAgent { name, messages, end });
        Ok(())
    }

    /// Agents say that they live, as long as their instances do.
    async fn beat(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.agents.keys().for_each(|agent| self.rig.service.heartbeat(agent, ""));
            self.pass(1).await;
            let running = self.place.running();
            let ended = |launch: &LaunchRecord| launch.instance.as_ref().is_some_and(|id| !running.contains_key(id));
            for launch in self.launches().into_iter().filter(ended) {
                self.agents.remove(&launch.agent);
            }
        }
    }

    fn launches(&self) -> Vec<LaunchRecord> {
        self.rig.service.inner.fleets.launches.of(&Self::name())
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_without_a_ticket_is_adopted_works_and_ends() {
    let mut stage = Stage::ticketless().await;
    stage.rig.submit("app").await;
    stage.rig.submit("app").await;
    stage.pass(3).await;
    let instances: Vec<InstanceId> = stage.place.running().into_keys().collect();
    assert_eq!(instances.len(), 2);
    for (name, instance) in [("host-a", &instances[0]), ("host-b", &instances[1])] {
        stage.wake(name, instance).await.unwrap();
    }
    let given = [stage.offer().await, stage.offer().await];
    for (agent, token) in &given {
        stage.says(agent, Event::Accept { token: token.clone() }).await;
    }
    stage.beat(20).await;
    for (agent, token) in given {
        stage.finishes(&agent, token).await;
    }
    let kept = stage.launches();
    let known = kept.iter().all(|launch| launch.instance.is_some() && launch.joined_at.is_some());
    assert!(known && kept.len() == 2, "{kept:?}");
    assert_eq!(stage.place.started(), 2, "no launch counts as lost, no instance as a stranger");
    stage.beat(100).await;
    assert!(stage.place.running().is_empty(), "idle for so long: {:?}", stage.history().await);
    stage.pass(10).await;
    assert!(stage.launches().is_empty() && ended_idle(&stage.history().await));
    let joined = stage.kinds().await.into_iter().filter(|kind| *kind == FleetEventKind::Joined).count();
    assert_eq!(joined, 2);
}

#[tokio::test(start_paused = true)]
async fn an_adopted_agent_comes_back_as_the_same_instances_and_nobody_takes_its_place() {
    let mut stage = Stage::ticketless().await;
    stage.rig.submit("app").await;
    stage.pass(3).await;
    let instance = stage.place.running().into_keys().next().unwrap();
    let unlisted = stage.wake("early", &InstanceId("i-unlisted".into())).await.unwrap_err();
    assert_eq!(unlisted.kind, Kind::Unavailable, "it may be in the next list: {unlisted}");
    stage.wake("host-a", &instance).await.unwrap();
    let thief = stage.wake("thief", &instance).await.unwrap_err();
    assert_eq!(thief.kind, Kind::Denied, "{thief}");
    let ticket = stage.launches()[0].ticket;
    // Its process is started again, and later the same host with another name.
    for name in ["host-a", "host-a2"] {
        stage.agents.clear();
        stage.pass(1).await;
        stage.wake(name, &instance).await.unwrap();
        let launches = stage.launches();
        assert_eq!((launches.len(), launches[0].ticket, launches[0].agent.as_str()), (1, ticket, name));
    }
    stage.beat(20).await;
    assert_eq!((stage.place.started(), stage.place.running().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_instance_of_no_launch_is_adopted_after_a_restart_too() {
    let mut stage = Stage::ticketless().await;
    stage.rig.submit("app").await;
    stage.pass(3).await;
    let instance = stage.place.running().into_keys().next().unwrap();
    stage.wake("host-a", &instance).await.unwrap();
    let (agent, token) = stage.offer().await;
    stage.says(&agent, Event::Accept { token: token.clone() }).await;
    stage.restart(policy()).await;
    // A round has to list the instance first.
    stage.pass(3).await;
    stage.wake("host-a", &instance).await.unwrap();
    stage.beat(30).await;
    let launches = stage.launches();
    assert_eq!((launches.len(), launches[0].instance.as_ref()), (1, Some(&instance)), "{launches:?}");
    assert_eq!((stage.place.started(), stage.place.running().len()), (1, 1));
}
