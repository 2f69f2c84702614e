//! A provisioner keeps to its own.

use super::{Trial, owner, running};

pub(crate) async fn a_later_provisioner_finds_and_terminates(trial: &Trial<'_>) {
    let (_, instance) = trial.launched().await;
    let later = trial.attach(&trial.owner).await;
    let found = running(&*later, 1).await.remove(0);
    assert_eq!((&found.id, found.ticket), (&instance.id, instance.ticket));
    later.terminate(&found.id).await.unwrap();
    running(&*later, 0).await;
}

pub(crate) async fn fleets_do_not_see_one_another(trial: &Trial<'_>) {
    let (_, instance) = trial.launched().await;
    let other = trial.attach(&owner(&trial.owner.coordinator, "other")).await;
    assert!(other.instances().await.unwrap().is_empty());
    // Whether it says so or not.
    let _ = other.terminate(&instance.id).await;
    assert!(trial.ground.lives(&instance.id).await);
    trial.running(1).await;
}

pub(crate) async fn coordinators_do_not_see_one_another(trial: &Trial<'_>) {
    if !trial.ground.knows_coordinators() {
        return;
    }
    let (_, instance) = trial.launched().await;
    let other = trial.attach(&owner(&format!("{}-other", trial.owner.coordinator), "linux")).await;
    assert!(other.instances().await.unwrap().is_empty());
    let _ = other.terminate(&instance.id).await;
    assert!(trial.ground.lives(&instance.id).await);
    trial.running(1).await;
}

pub(crate) async fn a_stranger_is_neither_listed_nor_touched(trial: &Trial<'_>) {
    let stranger = trial.ground.stranger().await;
    assert!(trial.fleet.instances().await.unwrap().iter().all(|one| one.id != stranger));
    let _ = trial.fleet.terminate(&stranger).await;
    let (_, instance) = trial.launched().await;
    trial.fleet.terminate(&instance.id).await.unwrap();
    assert!(trial.ground.lives(&stranger).await, "{stranger} is gone");
}
