//! Network namespaces that are kept for a tenant's next sandbox.

use super::{docker, ground};
use crate::conformance::program::Program;
use crate::conformance::{Trial, try_fact};
use crate::engine::spares::LENT;
use crate::engine::{Engine, EngineOptions, Holder, SpareNetworks, holder};
use crate::sandbox::{Executor, Mount, SandboxId, SandboxSpec};
use std::path::Path;

/// An engine that keeps two networks and their namespaces; without an engine that can, nothing.
async fn holding(owner: &str, trial: &Trial<'_>) -> Option<Engine> {
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists()).unwrap();
    let holder = Holder {
        program: Mount { host: busybox.into(), inside: "/busybox".into(), read_only: true },
        command: ["/busybox", "sleep", "1000"].map(str::to_owned).into(),
        folder: trial.ground.folder().join("networks"),
    };
    let owner = format!("{owner}-{}", std::process::id());
    let spare_networks = Some(SpareNetworks { owner, keep: 2, holder: Some(holder) });
    let engine = Engine::connect(EngineOptions { spare_networks, ..Default::default() }).await.unwrap();
    engine.link.quirks.joins_namespaces.then_some(engine)
}

fn spec(trial: &Trial<'_>, tenant: Option<&str>, script: &str) -> SandboxSpec {
    SandboxSpec { tenant: tenant.map(str::to_owned), ..trial.spec(&Program::script(script)) }
}

/// Runs it to its end and tells whether it joined a namespace.
async fn run(engine: &Engine, spec: &SandboxSpec) -> (bool, SandboxId) {
    let id = engine.create(spec).await.unwrap();
    engine.start(&id).await.unwrap();
    assert_eq!(engine.wait(&id).await.unwrap().code, Some(0));
    (joined(&id).await, id)
}

async fn run_and_remove(engine: &Engine, spec: &SandboxSpec) -> bool {
    let (joined, id) = run(engine, spec).await;
    engine.remove(&id).await.unwrap();
    joined
}

async fn joined(id: &SandboxId) -> bool {
    let found = docker().await.inspect_container(&id.0, None).await.unwrap();
    found.host_config.unwrap().network_mode.unwrap().starts_with("container:")
}

async fn network_of(id: &SandboxId) -> String {
    docker().await.inspect_container(&id.0, None).await.unwrap().config.unwrap().labels.unwrap()[LENT].clone()
}

async fn runs(container: &str) -> bool {
    let found = docker().await.inspect_container(container, None).await;
    found.is_ok_and(|found| found.state.unwrap().running == Some(true))
}

#[tokio::test]
async fn a_tenants_third_sandbox_joins_and_finds_nothing_of_those_before() {
    try_fact(&ground().await, async |trial| {
        let Some(engine) = holding("third", trial).await else { return };
        let leaves = "echo evil >> /etc/hosts; echo evil > /etc/resolv.conf; chmod 0 /etc/hosts; \
                      nc -l -p 99 < /dev/null & until nc 127.0.0.1 99 < /dev/null; do :; done; wait; exit 0";
        let joined = [
            run_and_remove(&engine, &spec(trial, Some("a"), leaves)).await,
            run_and_remove(&engine, &spec(trial, Some("a"), leaves)).await,
            run_and_remove(&engine, &spec(trial, Some("a"), leaves)).await,
        ];
        assert_eq!(joined, [false, false, true]);

        let looks = "cat /etc/hosts /etc/resolv.conf /etc/hostname > etc; ls -l /etc/hosts > mode; \
                     cat /proc/net/tcp > tcp; ip address > ip; exit 0";
        assert!(run_and_remove(&engine, &spec(trial, Some("a"), looks)).await);
        let etc = trial.text("etc");
        assert!(!etc.contains("evil") && etc.contains("localhost") && etc.contains("nameserver 127.0.0.11"), "{etc}");
        assert!(trial.text("mode").starts_with("-rw-r--r--"), "{}", trial.text("mode"));
        let copies = trial.ground.folder().join("networks");
        assert!(copies.read_dir().unwrap().next().is_none(), "copies are left of sandboxes that are gone");
        // 99 is 0063: neither a listener nor a closed connection is left.
        assert!(!trial.text("tcp").contains(":0063"), "{}", trial.text("tcp"));
        assert!(trial.text("ip").contains("eth0"), "{}", trial.text("ip"));
        engine.spares.clear(&engine.link).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn neither_another_tenant_nor_a_privileged_sandbox_joins() {
    try_fact(&ground().await, async |trial| {
        let Some(engine) = holding("others", trial).await else { return };
        let (a, script) = (Some("a"), "exit 0");
        for joins in [false, false, true] {
            assert_eq!(run_and_remove(&engine, &spec(trial, a, script)).await, joins);
        }
        // Not started: hosts that are containers themselves may not let it.
        let privileged = SandboxSpec { privileged: true, ..spec(trial, a, script) };
        let privileged = engine.create(&privileged).await.unwrap();
        assert!(!joined(&privileged).await);
        engine.remove(&privileged).await.unwrap();
        for joins in [false, false, true] {
            assert_eq!(run_and_remove(&engine, &spec(trial, a, script)).await, joins, "held anew");
        }
        let (joined, other) = run(&engine, &spec(trial, Some("b"), script)).await;
        let network = network_of(&other).await;
        assert!(!joined && !runs(&holder::name(&network)).await, "nobody else is on {network}");
        engine.remove(&other).await.unwrap();
        assert!(!run_and_remove(&engine, &spec(trial, None, script)).await);
        engine.spares.clear(&engine.link).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn two_sandboxes_of_one_tenant_never_share_a_namespace() {
    try_fact(&ground().await, async |trial| {
        let Some(engine) = holding("two", trial).await else { return };
        for _ in 0..2 {
            run_and_remove(&engine, &spec(trial, Some("a"), "exit 0")).await;
        }
        let spec = || spec(trial, Some("a"), "exec sleep 100");
        let (one, two) = (engine.create(&spec()).await.unwrap(), engine.create(&spec()).await.unwrap());
        assert_eq!((joined(&one).await, joined(&two).await), (true, false));
        assert_ne!(network_of(&one).await, network_of(&two).await);
        for id in [one, two] {
            engine.remove(&id).await.unwrap();
        }
        engine.spares.clear(&engine.link).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_namespace_whose_holder_is_gone_is_set_up_anew() {
    try_fact(&ground().await, async |trial| {
        let Some(engine) = holding("gone", trial).await else { return };
        let spec = || spec(trial, Some("a"), "nc -w 1 127.0.0.11 53 < /dev/null; cat /etc/hosts > hosts; exit 0");
        let first = run(&engine, &spec()).await.1;
        let network = network_of(&first).await;
        engine.remove(&first).await.unwrap();
        run_and_remove(&engine, &spec()).await;
        let holder = holder::name(&network);
        for pruned in [false, true] {
            docker().await.kill_container(&holder, None).await.unwrap();
            if pruned {
                docker().await.remove_container(&holder, None).await.unwrap();
                docker().await.remove_network(&network).await.unwrap();
            }
            assert!(run_and_remove(&engine, &spec()).await);
            assert!(runs(&holder).await && trial.text("hosts").contains("localhost"));
        }
        engine.spares.clear(&engine.link).await.unwrap();
        assert!(!runs(&holder).await);
    })
    .await;
}

#[tokio::test]
async fn a_later_agent_lets_a_running_sandbox_keep_its_namespace_and_removes_the_rest() {
    try_fact(&ground().await, async |trial| {
        let Some(dead) = holding("later", trial).await else { return };
        let quick = || spec(trial, Some("a"), "exit 0");
        let long = || spec(trial, Some("a"), "exec sleep 100");
        let (one, two) = (dead.create(&quick()).await.unwrap(), dead.create(&quick()).await.unwrap());
        let networks = [network_of(&one).await, network_of(&two).await];
        for id in [one, two] {
            dead.remove(&id).await.unwrap();
        }
        // Both again, so that both are held.
        let (one, two) = (dead.create(&quick()).await.unwrap(), dead.create(&quick()).await.unwrap());
        for id in [one, two] {
            dead.remove(&id).await.unwrap();
        }
        let running = dead.create(&long()).await.unwrap();
        dead.start(&running).await.unwrap();
        let needed = network_of(&running).await;
        let idle = networks.into_iter().find(|network| *network != needed).unwrap();
        assert!(joined(&running).await && runs(&holder::name(&idle)).await);
        drop(dead);

        let later = holding("later", trial).await.unwrap();
        assert!(runs(&holder::name(&needed)).await && !runs(&holder::name(&idle)).await);
        assert!(docker().await.inspect_network(&idle, None).await.is_err());
        later.remove(&running).await.unwrap();
        assert!(!runs(&holder::name(&needed)).await);
        assert!(docker().await.inspect_network(&needed, None).await.is_err());
    })
    .await;
}
