use super::*;
use crate::conformance::{Ground, conformance, launch, owner};
use buildyard_model::SystemClock;

#[derive(Debug)]
struct FakeGround(Arc<FakePlace>);

async fn ground() -> FakeGround {
    FakeGround(FakePlace::new(Arc::new(SystemClock)))
}

#[async_trait]
impl Ground for FakeGround {
    async fn attach(&self, owner: Owner) -> Arc<dyn Provisioner> {
        Arc::new(self.0.fleet(owner))
    }

    async fn hung(&self, owner: Owner) -> Arc<dyn Provisioner> {
        tokio::time::pause();
        let place = FakePlace::new(Arc::new(SystemClock));
        place.misbehave(Mischief { takes: FakePlace::DEADLINE * 2, ..Mischief::default() });
        Arc::new(place.fleet(owner))
    }

    async fn broken(&self, owner: Owner) -> Arc<dyn Provisioner> {
        let place = FakePlace::new(Arc::new(SystemClock));
        let fails = Some(Error::Refused("the fake place was told to refuse: tell it otherwise".to_owned()));
        place.misbehave(Mischief { fails, ..Mischief::default() });
        Arc::new(place.fleet(owner))
    }

    async fn stranger(&self) -> InstanceId {
        let launch = launch("strangers");
        self.0.fleet(owner("somebody-else", "strangers")).launch(std::slice::from_ref(&launch)).await.unwrap();
        id(launch.ticket)
    }

    async fn lives(&self, instance: &InstanceId) -> bool {
        self.0.running().contains_key(instance)
    }

    async fn end(&self, instance: &InstanceId) {
        self.0.lose(instance);
    }

    async fn heard(&self, _: Ticket) -> Option<String> {
        None
    }

    async fn public(&self, _: &InstanceId) -> String {
        String::new()
    }
}

conformance!(ground());

#[derive(Debug)]
struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn it_misbehaves_as_it_is_told() {
    let clock = Arc::new(Hand(Mutex::new(Timestamp(0))));
    let place = FakePlace::new(clock.clone());
    let fleet = place.fleet(owner("c", "linux"));
    let late = Mischief { comes_after: Duration::from_secs(10), ..Mischief::default() };
    place.misbehave(late);
    fleet.launch(&[launch("linux")]).await.unwrap();
    assert!(fleet.instances().await.unwrap().is_empty());
    *clock.0.lock().unwrap() = Timestamp(10_000);
    let come = fleet.instances().await.unwrap();
    assert_eq!(come.len(), 1);

    let lies = Some(Error::Unavailable("no".to_owned()));
    place.misbehave(Mischief { lies_about_launches: lies, loses: 1, ..Mischief::default() });
    assert!(fleet.launch(&[launch("linux"), launch("linux")]).await.is_err());
    assert_eq!(fleet.instances().await.unwrap().len(), 2, "one of two was lost, the other came");

    place.misbehave(Mischief { ends_after: Duration::from_secs(5), ..Mischief::default() });
    fleet.terminate(&come[0].id).await.unwrap();
    let state = |all: &[Instance]| all.iter().find(|one| one.id == come[0].id).map(|one| one.state);
    assert_eq!(state(&fleet.instances().await.unwrap()), Some(InstanceState::Stopping));
    *clock.0.lock().unwrap() = Timestamp(15_000);
    assert_eq!(state(&fleet.instances().await.unwrap()), None);

    place.misbehave(Mischief { hides: true, ..Mischief::default() });
    assert!(fleet.instances().await.unwrap().is_empty());
    assert_eq!((place.running().len(), place.started()), (1, 2));
}
