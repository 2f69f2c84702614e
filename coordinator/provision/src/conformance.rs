//! What holds for every provisioner, whatever is launched by it. A kind's tests make a `Ground` and name it in
//! `conformance!`; each fact becomes a test of its own. Invariant: whether a fact holds or not, what it launched is
//! terminated.

pub(crate) mod belonging;
pub(crate) mod launching;
pub(crate) mod trouble;

use crate::owner::Owner;
use crate::provisioner::{Instance, InstanceState, Launch, Provisioner};
use async_trait::async_trait;
use buildyard_model::{InstanceId, Secret, Ticket};
use futures::FutureExt;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// For what a place does by itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Where a provisioner is tried.
#[async_trait]
pub(crate) trait Ground: Send + Sync {
    /// A provisioner over the same place, as a coordinator has after a restart.
    async fn attach(&self, owner: Owner) -> Arc<dyn Provisioner>;

    /// One whose place takes calls and never answers.
    async fn hung(&self, owner: Owner) -> Arc<dyn Provisioner>;

    /// One that cannot launch until somebody changes something.
    async fn broken(&self, owner: Owner) -> Arc<dyn Provisioner>;

    /// Starts something in the same place as somebody else would, as like an instance as can be.
    async fn stranger(&self) -> InstanceId;

    /// Whether it runs, by other means than a provisioner's.
    async fn lives(&self, instance: &InstanceId) -> bool;

    /// Makes the instance end as if by itself.
    async fn end(&self, instance: &InstanceId);

    /// What the agent of this launch found in its environment, `NAME=value` by line; none where no program runs.
    async fn heard(&self, ticket: Ticket) -> Option<String>;

    /// What everybody can see of an instance: arguments, labels, names.
    async fn public(&self, instance: &InstanceId) -> String;

    /// Whether the place remembers tickets. One that does not keeps no launches apart after a restart.
    fn remembers_tickets(&self) -> bool {
        true
    }

    /// Whether two coordinators can use the place for a fleet of the same name.
    fn knows_coordinators(&self) -> bool {
        true
    }

    /// Whether every call fails where the place is hung, and not launches alone.
    fn hangs_whole(&self) -> bool {
        true
    }
}

/// One fact being tried.
pub(crate) struct Trial<'a> {
    pub(crate) ground: &'a dyn Ground,
    pub(crate) fleet: Arc<dyn Provisioner>,
    pub(crate) owner: Owner,
    used: Mutex<Vec<Arc<dyn Provisioner>>>,
}

impl Trial<'_> {
    /// Another fleet's provisioner, or this one's after a restart.
    pub(crate) async fn attach(&self, owner: &Owner) -> Arc<dyn Provisioner> {
        let provisioner = self.ground.attach(owner.clone()).await;
        self.used.lock().unwrap().push(provisioner.clone());
        provisioner
    }

    /// A launch for the trial's fleet.
    pub(crate) fn launch(&self) -> Launch {
        launch(self.owner.fleet.as_str())
    }

    /// Launched, and running.
    pub(crate) async fn launched(&self) -> (Launch, Instance) {
        let launch = self.launch();
        self.fleet.launch(std::slice::from_ref(&launch)).await.unwrap();
        let instance = self.running(1).await.remove(0);
        (launch, instance)
    }

    /// The fleet's instances, once so many run.
    pub(crate) async fn running(&self, count: usize) -> Vec<Instance> {
        running(&*self.fleet, count).await
    }
}

/// The instances, once so many run and none is there beside them.
pub(crate) async fn running(fleet: &dyn Provisioner, count: usize) -> Vec<Instance> {
    let mut last = Vec::new();
    let there = async {
        loop {
            last = fleet.instances().await.unwrap();
            if last.len() == count && last.iter().all(|one| one.state == InstanceState::Running) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    if timeout(PATIENCE, there).await.is_err() {
        panic!("{count} should run, and there are {last:?}");
    }
    last
}

/// Waits until the condition holds: it is another program that makes it hold.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, holds).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

pub(crate) fn owner(coordinator: &str, fleet: &str) -> Owner {
    Owner { coordinator: coordinator.to_owned(), fleet: fleet.parse().unwrap() }
}

/// The token of every trial: to be found nowhere but in the agent's environment.
pub(crate) const TOKEN: &str = "join-token-of-the-trial";

pub(crate) fn launch(fleet: &str) -> Launch {
    let ticket = Ticket(uuid::Uuid::new_v4());
    Launch {
        ticket,
        fleet: fleet.parse().unwrap(),
        agent: format!("{fleet}-{}", &ticket.to_string()[..8]),
        coordinator: "http://127.0.0.1:1".to_owned(),
        join_token: Secret::new(TOKEN),
        slots: Some(2),
        labels: BTreeMap::from([("zone".to_owned(), "a".to_owned())]),
    }
}

/// Tries one fact, and clears up after it.
pub(crate) async fn try_fact<'g, F>(ground: &'g dyn Ground, fact: F)
where
    F: AsyncFnOnce(&Trial<'g>),
{
    let owner = owner(&format!("trial-{}", uuid::Uuid::new_v4()), "linux");
    let fleet = ground.attach(owner.clone()).await;
    let trial = Trial { ground, fleet: fleet.clone(), owner, used: Mutex::new(vec![fleet]) };
    let outcome = AssertUnwindSafe(fact(&trial)).catch_unwind().await;
    let used = std::mem::take(&mut *trial.used.lock().unwrap());
    for provisioner in &used {
        for instance in provisioner.instances().await.unwrap() {
            provisioner.terminate(&instance.id).await.unwrap();
        }
    }
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    for provisioner in &used {
        running(&**provisioner, 0).await;
    }
}

/// Makes a test of each fact, on the ground that the expression gives; `as [attribute],` before it goes to each test.
macro_rules! conformance {
    ($ground:expr) => {
        $crate::conformance::conformance!(as [cfg(test)], $ground);
    };
    (as $attribute:tt, $ground:expr) => {
        $crate::conformance::conformance! {
            as $attribute, $ground;
            launching::a_launch_becomes_an_instance_with_its_ticket,
            launching::several_are_launched_at_once,
            launching::a_repeated_launch_starts_nothing_more,
            launching::a_launch_repeated_after_a_restart_starts_nothing_more,
            launching::an_agent_finds_its_launch_in_its_environment,
            launching::the_join_token_cannot_be_seen,
            launching::a_terminated_instance_goes,
            launching::what_is_gone_has_been_terminated,
            launching::what_ended_by_itself_is_listed_no_more,
            belonging::a_later_provisioner_finds_and_terminates,
            belonging::fleets_do_not_see_one_another,
            belonging::coordinators_do_not_see_one_another,
            belonging::a_stranger_is_neither_listed_nor_touched,
            trouble::a_place_that_gives_no_answer_is_unavailable,
            trouble::what_cannot_work_is_refused_with_what_to_do,
        }
    };
    (as $attribute:tt, $ground:expr; $($module:ident::$fact:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            # $attribute
            async fn $fact() {
                let ground = $ground.await;
                $crate::conformance::try_fact(&ground, $crate::conformance::$module::$fact).await;
            }
        )+
    };
}
pub(crate) use conformance;
