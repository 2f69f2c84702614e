//! Networks that are kept from one sandbox to the next.

use super::{docker, ground, keeping};
use crate::conformance::program::Program;
use crate::conformance::try_fact;
use crate::engine::spares::LENT;
use crate::sandbox::Executor;

async fn network_of(id: &str) -> String {
    docker().await.inspect_container(id, None).await.unwrap().config.unwrap().labels.unwrap()[LENT].clone()
}

async fn exists(network: &str) -> bool {
    docker().await.inspect_network(network, None).await.is_ok()
}

#[tokio::test]
async fn a_kept_network_goes_from_one_sandbox_to_the_next_and_never_to_two() {
    try_fact(&ground().await, async |trial| {
        let engine = keeping(&format!("next-{}", std::process::id())).await;
        let spec = || trial.spec(&Program::Exits(2));
        let first = engine.create(&spec()).await.unwrap();
        let network = network_of(&first.0).await;
        let (once, twice) = tokio::join!(engine.remove(&first), engine.remove(&first));
        once.and(twice).unwrap();
        assert!(exists(&network).await);

        let (second, third) = (engine.create(&spec()).await.unwrap(), engine.create(&spec()).await.unwrap());
        let other = network_of(&third.0).await;
        assert_eq!(network_of(&second.0).await, network);
        assert_ne!(other, network);
        engine.start(&second).await.unwrap();
        assert_eq!(engine.wait(&second).await.unwrap().code, Some(2));

        engine.remove(&second).await.unwrap();
        engine.remove(&third).await.unwrap();
        assert!(exists(&network).await && !exists(&other).await, "one is kept");
        engine.spares.clear(&engine.link).await.unwrap();
        assert!(!exists(&network).await);
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_agent_kept_is_cleared_and_what_its_sandboxes_need_is_not() {
    try_fact(&ground().await, async |trial| {
        let owner = format!("dead-{}", std::process::id());
        let dead = keeping(&owner).await;
        let (a, b) = (
            dead.create(&trial.spec(&Program::Exits(0))).await.unwrap(),
            dead.create(&trial.spec(&Program::Exits(3))).await.unwrap(),
        );
        let (kept, needed) = (network_of(&a.0).await, network_of(&b.0).await);
        dead.remove(&a).await.unwrap();
        drop(dead);

        let later = keeping(&owner).await;
        assert!(!exists(&kept).await && exists(&needed).await);
        later.start(&b).await.unwrap();
        assert_eq!(later.wait(&b).await.unwrap().code, Some(3));
        later.remove(&b).await.unwrap();
        assert!(!exists(&needed).await, "what another process lent is not kept");
    })
    .await;
}

#[tokio::test]
async fn a_kept_network_that_was_pruned_is_made_anew() {
    try_fact(&ground().await, async |trial| {
        let engine = keeping(&format!("pruned-{}", std::process::id())).await;
        let first = engine.create(&trial.spec(&Program::Exits(0))).await.unwrap();
        let network = network_of(&first.0).await;
        engine.remove(&first).await.unwrap();
        docker().await.remove_network(&network).await.unwrap();
        let second = engine.create(&trial.spec(&Program::Exits(4))).await.unwrap();
        engine.start(&second).await.unwrap();
        assert_eq!(engine.wait(&second).await.unwrap().code, Some(4));
        engine.remove(&second).await.unwrap();
        engine.spares.clear(&engine.link).await.unwrap();
    })
    .await;
}
