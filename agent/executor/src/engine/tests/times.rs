//! What a sandbox costs beside a bare container of the same engine.

use super::{docker, ground, keeping};
use crate::conformance::Ground;
use crate::conformance::program::Program;
use crate::conformance::try_fact;
use crate::sandbox::{Executor, SandboxSpec};
use bollard::models::{ContainerCreateBody, NetworkCreateRequest};
use bollard::query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder};
use futures::StreamExt;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 3;

/// Create, start, wait, remove with calls of the engine's API, on the default network or one of its own.
async fn bare(image: &str, own_network: bool) -> Duration {
    let (docker, name) = (docker().await, format!("buildyard-bare-{}-{own_network}", std::process::id()));
    let before = Instant::now();
    if own_network {
        let network = NetworkCreateRequest { name: name.clone(), driver: Some("bridge".into()), ..Default::default() };
        docker.create_network(network).await.unwrap();
    }
    let mut body = ContainerCreateBody {
        image: Some(image.to_owned()),
        entrypoint: Some(vec!["/bin/true".into()]),
        ..Default::default()
    };
    if own_network {
        let host = bollard::models::HostConfig { network_mode: Some(name.clone()), ..Default::default() };
        body.host_config = Some(host);
    }
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    docker.create_container(Some(options), body).await.unwrap();
    docker.start_container(&name, None).await.unwrap();
    let _ = docker.wait_container(&name, None).next().await;
    let force = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    docker.remove_container(&name, Some(force)).await.unwrap();
    if own_network {
        docker.remove_network(&name).await.unwrap();
    }
    before.elapsed()
}

async fn sandbox(what: &str, executor: &dyn Executor, spec: &SandboxSpec) -> Duration {
    let mut steps = vec![Instant::now()];
    let id = executor.create(spec).await.unwrap();
    steps.push(Instant::now());
    executor.start(&id).await.unwrap();
    steps.push(Instant::now());
    executor.wait(&id).await.unwrap();
    steps.push(Instant::now());
    executor.remove(&id).await.unwrap();
    steps.push(Instant::now());
    let each: Vec<_> = steps.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    println!("{what}: {} ms; create, start, wait, remove {each:?}", (steps[4] - steps[0]).as_millis());
    steps[4] - steps[0]
}

/// A measurement, not a promise: the figures hang on the machine and on what else it does. It asserts only that nothing
/// of ours waits without need. Run it alone: `cargo test -p buildyard-executor a_sandbox_costs -- --nocapture`.
#[tokio::test]
async fn a_sandbox_costs_little_more_than_a_container_with_a_network() {
    let ground = ground().await;
    let image = ground.image();
    try_fact(&ground, async |trial| {
        let keeping = keeping(&format!("times-{}", std::process::id())).await;
        // The first makes the network that the others get.
        sandbox("first", &keeping, &trial.spec(&Program::Exits(0))).await;
        let [mut ours, mut spared, mut own, mut default] = [Duration::MAX; 4];
        for _ in 0..ROUNDS {
            ours = ours.min(sandbox("own network", &*trial.executor, &trial.spec(&Program::Exits(0))).await);
            spared = spared.min(sandbox("kept network", &keeping, &trial.spec(&Program::Exits(0))).await);
            own = own.min(bare(&image, true).await);
            default = default.min(bare(&image, false).await);
        }
        println!("best: sandbox {ours:?}, with a kept network {spared:?}, bare with own network {own:?}, bare on the default network {default:?}");
        assert!(ours < own * 2 && spared < ours, "sandbox {ours:?}, kept {spared:?}, bare {own:?}");
        keeping.spares.clear(&keeping.link).await.unwrap();
    })
    .await;
}
