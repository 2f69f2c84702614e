//! What a sandbox can reach and use up (reliability S37–S46).

use super::{docker, ground};
use crate::conformance::program::Program;
use crate::conformance::try_fact;
use crate::engine::network;
use crate::sandbox::{ExecutorError, Mount, SandboxSpec};
use bollard::models::{ContainerInspectResponse, HostConfig};

async fn inspect(id: &str) -> (ContainerInspectResponse, HostConfig) {
    let found = docker().await.inspect_container(id, None).await.unwrap();
    let config = found.host_config.clone().unwrap();
    (found, config)
}

#[tokio::test]
async fn a_sandbox_has_no_part_of_the_host() {
    try_fact(&ground().await, async |trial| {
        let id = trial.executor.create(&trial.spec(&Program::Exits(0))).await.unwrap();
        let (found, config) = inspect(&id.0).await;
        assert_eq!(config.privileged, Some(false));
        for mode in [&config.pid_mode, &config.uts_mode, &config.userns_mode, &config.ipc_mode] {
            assert!(mode.as_deref().is_none_or(|mode| ["", "private", "shareable"].contains(&mode)), "{mode:?}");
        }
        let networks: Vec<_> =
            found.network_settings.and_then(|settings| settings.networks).unwrap().into_keys().collect();
        assert_eq!(networks, std::slice::from_ref(&id.0), "no network but its own");
        let none = |list: &Option<Vec<String>>| list.as_ref().is_none_or(Vec::is_empty);
        assert!(none(&config.cap_add) && none(&config.security_opt), "{config:?}");
        let mounts: Vec<_> = found.mounts.unwrap().into_iter().filter_map(|mount| mount.source).collect();
        assert_eq!(mounts, [trial.ground.folder().to_str().unwrap()], "the one mount that was asked for");
        assert_eq!((config.pids_limit, config.memory, config.memory_swap), (Some(64), Some(64 << 20), Some(64 << 20)));
        assert_eq!(config.nano_cpus, Some(1_000_000_000));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_a_removed_sandbox() {
    try_fact(&ground().await, async |trial| {
        let id = trial.started(&Program::script("echo > /written; exit 0")).await;
        trial.exit(&id).await;
        trial.executor.remove(&id).await.unwrap();
        let docker = docker().await;
        assert!(docker.inspect_container(&id.0, None).await.is_err());
        assert!(docker.inspect_network(&id.0, None).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_network_whose_container_is_gone_is_found_and_removed() {
    try_fact(&ground().await, async |trial| {
        let id = trial.executor.create(&trial.spec(&Program::Exits(0))).await.unwrap();
        docker().await.remove_container(&id.0, None).await.unwrap();
        let found = trial.found(&*trial.executor).await;
        assert_eq!((found.len(), &found[0].id, found[0].running), (1, &id, false));
        trial.executor.remove(&id).await.unwrap();
        assert!(docker().await.inspect_network(&id.0, None).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn memory_and_processes_have_an_end() {
    try_fact(&ground().await, async |trial| {
        let hog = trial.started(&Program::script("exec dd if=/dev/zero of=/dev/null bs=200M count=1")).await;
        let bomb = "i=0; while [ $i -lt 100 ]; do sleep 5 & i=$((i+1)); done; exit 0";
        let bomb = trial.started(&Program::script(bomb)).await;
        let exit = trial.exit(&hog).await;
        // Podman with cgroups v1 and runc cannot tell.
        let told = trial.executor.probe().await.unwrap().name == "docker";
        assert_eq!((exit.code, exit.out_of_memory), (Some(137), told));
        assert_ne!(trial.code(&bomb).await, Some(0), "the shell cannot fork 100 times");
    })
    .await;
}

#[tokio::test]
async fn folders_in_memory_can_be_used_and_read_only_ones_cannot_be_written() {
    try_fact(&ground().await, async |trial| {
        let script = "echo 'exit 3' > /fast/x && chmod +x /fast/x && sh /fast/x; code=$?; echo no > /kept/x && exit 9; exit $code";
        let spec = SandboxSpec {
            mounts: vec![Mount { host: trial.ground.folder().to_owned(), inside: "/kept".into(), read_only: true }],
            tmpfs: vec!["/fast".into()],
            working_directory: "/".into(),
            command: vec!["/bin/sh".into(), "-c".into(), script.into()],
            ..trial.spec(&Program::Exits(0))
        };
        let id = trial.started_as(&spec).await;
        assert_eq!(trial.code(&id).await, Some(3));
        assert!(!trial.ground.folder().join("x").exists());
    })
    .await;
}

#[tokio::test]
async fn the_engines_socket_is_not_given_away() {
    try_fact(&ground().await, async |trial| {
        for host in ["/", "/run", "/var/run/docker.sock"] {
            let mount = Mount { host: host.into(), inside: "/x".into(), read_only: true };
            let spec = SandboxSpec { mounts: vec![mount], ..trial.spec(&Program::Exits(0)) };
            let answer = trial.executor.create(&spec).await;
            assert!(matches!(&answer, Err(ExecutorError::Refused(why)) if why.contains(host)), "{answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_folder_is_refused_by_name_and_leaves_nothing() {
    try_fact(&ground().await, async |trial| {
        let mount = Mount { host: "/no/such/folder".into(), inside: "/x".into(), read_only: true };
        let spec = SandboxSpec { mounts: vec![mount], ..trial.spec(&Program::Exits(0)) };
        let answer = trial.executor.create(&spec).await;
        assert!(matches!(&answer, Err(ExecutorError::Refused(why)) if why.contains("/no/such/folder")), "{answer:?}");
        assert!(trial.found(&*trial.executor).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn sandboxes_cannot_reach_one_another() {
    try_fact(&ground().await, async |trial| {
        let server = trial.started(&Program::script("httpd -p 80 -h /bin; : > ready; exec sleep 100")).await;
        trial.appears("ready").await;
        let networks = inspect(&server.0).await.0.network_settings.unwrap().networks.unwrap();
        let address = networks[&server.0].ip_address.clone().unwrap();
        assert!(!address.is_empty());
        // The server does answer, if one can reach it: the host can.
        tokio::net::TcpStream::connect((address.as_str(), 80)).await.unwrap();
        let dial = format!("nc -w 1 {address} 80 < /dev/null; echo $? > answer; exit 0");
        let other = trial.started(&Program::script(&dial)).await;
        trial.exit(&other).await;
        assert_eq!(trial.text("answer").trim(), "1");
    })
    .await;
}

#[tokio::test]
async fn cloud_metadata_is_refused_at_once_where_the_engine_says_so() {
    try_fact(&ground().await, async |trial| {
        let engine = trial.executor.probe().await.unwrap();
        let blocks = engine.blocks_metadata;
        let can = rustix::process::geteuid().is_root() && engine.name == "docker";
        assert!(blocks || !can, "as root, with Docker on this host, it can be blocked");
        let script = "for a in 169.254.169.254 169.254.170.2; do nc -w 5 $a 80 < /dev/null 2>> said; done; exit 0";
        let id = trial.started(&Program::script(script)).await;
        trial.exit(&id).await;
        let said = trial.text("said");
        assert_eq!(said.matches("Connection refused").count(), if blocks { 2 } else { 0 }, "{said}");
    })
    .await;
}

/// Each network that the engine makes or removes rearranges its own firewall rules.
#[tokio::test]
async fn cloud_metadata_is_refused_while_networks_come_and_go() {
    try_fact(&ground().await, async |trial| {
        if !trial.executor.probe().await.unwrap().blocks_metadata {
            return;
        }
        let script = "for i in $(seq 200); do nc -w 5 169.254.169.254 80 < /dev/null 2>> said; done; exit 0";
        let id = trial.started(&Program::script(script)).await;
        let come_and_go = async {
            loop {
                let other = trial.executor.create(&trial.spec(&Program::Exits(0))).await.unwrap();
                trial.executor.remove(&other).await.unwrap();
            }
        };
        tokio::select! { _ = trial.exit(&id) => {}, () = come_and_go => {} }
        let said = trial.text("said");
        assert_eq!(said.matches("Connection refused").count(), 200, "{said}");
    })
    .await;
}

#[tokio::test]
async fn firewall_rules_are_for_our_bridges_only() {
    try_fact(&ground().await, async |trial| {
        if !trial.executor.probe().await.unwrap().blocks_metadata {
            return;
        }
        let id = trial.executor.create(&trial.spec(&Program::Exits(0))).await.unwrap();
        let found = docker().await.inspect_network(&id.0, None).await.unwrap();
        let bridge = &found.options.unwrap()["com.docker.network.bridge.name"];
        assert!(bridge.starts_with(network::PREFIX), "{bridge}");
        let rules = std::process::Command::new("iptables-save").output().unwrap().stdout;
        let rules = String::from_utf8(rules).unwrap();
        let ours: Vec<_> = rules.lines().filter(|rule| rule.contains("buildyard")).collect();
        assert_eq!(ours.len(), 2, "once each, however often it was asked for: {rules}");
        assert!(ours.iter().all(|rule| rule.contains("-i byd+ ")), "{rules}");
    })
    .await;
}
