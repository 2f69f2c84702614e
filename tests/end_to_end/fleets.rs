//! Agents that come and go with the builds: started by real provisioners, drained before they end.

use harness::{AgentOptions, ExecutorKind, Fleet, Process, Started, binary, busybox_image, wait_for};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

const MOST: usize = 4;
const BUILDS: usize = 40;

/// A policy under which the wait for an idle agent's end is short.
fn fleet(provisioner: &str) -> String {
    format!(
        "{provisioner}\n[fleets.on-demand]\nprovisioner = \"p\"\nmax = {MOST}\nslots = 1\nidle = \"3s\"\n\
         cool_down = \"0s\"\npatience = \"0s\"\nanticipate = false\n"
    )
}

fn processes() -> String {
    fleet(
        "[provisioners.p]\nkind = \"process\"\n[provisioners.p.agent]\ndisk_floor = \"64MiB\"\n\
         [provisioners.p.agent.executor]\nkind = \"host\"",
    )
}

/// An image with the program under test and a busybox.
fn agent_image() -> String {
    let name = format!("localhost/buildyard-agent-test:{}", std::process::id());
    let script = "set -e; root=$(mktemp -d); trap 'rm -rf $root' EXIT; \
        mkdir -p $root/bin $root/tmp $root/usr/bin; chmod 1777 $root/tmp; cp \"$1\" $root/usr/bin/buildyard; \
        cp \"$(command -v busybox)\" $root/bin/busybox; ln -s busybox $root/bin/sh; \
        tar -C $root -c . | docker import -c 'ENTRYPOINT [\"/usr/bin/buildyard\"]' -c 'ENV PATH=/usr/bin:/bin' - \"$2\"";
    let made = Command::new("sh").args(["-c", script, "sh"]).arg(binary()).arg(&name).output().expect("sh runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    name
}

/// Removes the image in the end.
struct Image(String);

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["image", "rm", "--force", &self.0]).output();
    }
}

fn sleeping(seconds: f64) -> String {
    format!("version: 0.2\nphases:\n  build:\n    commands:\n      - sleep {seconds}\n")
}

fn standing(yard: &Fleet) -> Value {
    wait_for("the fleet", Duration::from_secs(20), || {
        let fleets = yard.documents(&["fleet", "list"]);
        fleets.into_iter().find(|fleet| fleet["name"] == "on-demand")
    })
}

fn count(fleet: &Value, what: &str) -> usize {
    usize::try_from(fleet[what].as_u64().unwrap()).unwrap()
}

/// 0 → at most [`MOST`] → 0: no agent ended with work, and each wait was explained.
fn comes_and_goes(yard: &Fleet, image: &str, seconds: f64) {
    assert_eq!(count(&standing(yard), "running"), 0);
    let buildspec = sleeping(seconds);
    let builds: Vec<Started> = (0..BUILDS).map(|_| yard.submit(&buildspec, &["--image", image])).collect();
    let last = yard.show(builds.last().unwrap());
    let why = last.reason.unwrap_or_default();
    let explained = why.contains("fleet on-demand");
    assert!(explained || why.contains("before this one"), "the wait is explained: {why:?}");
    let mut most = 0;
    for build in &builds {
        let patience = Duration::from_secs(240);
        wait_for(&format!("the end of {}", build.id), patience, || {
            most = most.max(count(&standing(yard), "running"));
            let view = yard.show(build);
            if !view.build_complete && view.agent.is_none() {
                assert!(view.reason.is_some_and(|why| !why.is_empty()), "{} waits for no reason", build.id);
            }
            view.build_complete.then_some(())
        });
        yard.succeed(build, Duration::from_secs(1));
    }
    assert_eq!(most, MOST, "all that the fleet may have");
    wait_for("the last agent to go", Duration::from_secs(120), || {
        let fleet = standing(yard);
        (count(&fleet, "running") + count(&fleet, "pending") + count(&fleet, "desired") == 0).then_some(())
    });
    wait_for("the agents to be forgotten", Duration::from_secs(60), || {
        yard.documents(&["agents"]).is_empty().then_some(())
    });
    let history = yard.documents(&["fleet", "history", "--limit", "5000"]);
    let of = |kind: &str| history.iter().filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    let told = || history.iter().map(|event| format!("{event}\n")).collect::<String>();
    assert!(!of("TERMINATED").is_empty(), "{}", told());
    for event in of("TERMINATED").iter().chain(&of("ENDED")) {
        assert_eq!(event["builds"], 0, "an agent ended with work: {event}");
    }
    assert_eq!(of("JOINED").len(), of("ENDED").len(), "{}", told());
    assert!(of("LAUNCHED").len() < 3 * MOST, "{}", told());
}

#[test]
fn processes_come_and_go_with_the_builds() {
    let yard = Fleet::start_with(&processes(), Vec::new());
    comes_and_goes(&yard, "host", 0.5);
}

#[test]
fn containers_come_and_go_with_the_builds() {
    let image = Image(agent_image());
    let name = &image.0;
    let yard = Fleet::start_with(&fleet(&format!("[provisioners.p]\nkind = \"docker\"\nimage = {name:?}")), Vec::new());
    comes_and_goes(&yard, &busybox_image(), 1.0);
    let left = Command::new("docker").args(["ps", "-aq", "--filter", &format!("ancestor={name}")]).output().unwrap();
    assert!(left.stdout.is_empty(), "containers are left");
}

#[test]
fn a_fleet_outlives_its_coordinator() {
    let mut yard = Fleet::start_with(&processes(), Vec::new());
    let build = yard.submit(&sleeping(6.0), &["--image", "host"]);
    wait_for("the build to run", Duration::from_secs(60), || yard.show(&build).agent);
    yard.kill_coordinator();
    yard.restart_coordinator();
    yard.succeed(&build, Duration::from_secs(60));
    let of = |kind: &str| yard.documents(&["fleet", "history"]).iter().filter(|event| event["kind"] == kind).count();
    wait_for("the agent to go", Duration::from_secs(60), || (of("TERMINATED") > 0).then_some(()));
    assert_eq!((of("LAUNCHED"), of("JOINED"), of("TERMINATED")), (1, 1, 1));
}

/// The processes of which an argument names this folder, `up` itself not counted.
fn agents_below(folder: &std::path::Path, up: &Process) -> usize {
    let folder = folder.display().to_string();
    let own = up.pid().to_string();
    let all =
        std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| entry.file_name().to_str() != Some(own.as_str()));
    let lines = all.map(|entry| std::fs::read(entry.path().join("cmdline")).unwrap_or_default());
    lines.filter(|line| String::from_utf8_lossy(line).contains(&folder)).count()
}

#[test]
fn up_ends_the_agents_that_it_started() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().canonicalize().unwrap().join("data");
    let arguments = ["up", "--provisioner", "process", "--executor", "host", "--min-agents", "2"];
    let mut command = Command::new(binary());
    command.args(arguments).args(["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--data-dir"]).arg(&data);
    let mut up = Process::start(&mut command, &home.path().join("up.log"));
    let patience = Duration::from_secs(60);
    wait_for("two agents", patience, || (agents_below(&data, &up) >= 2).then_some(()));
    let ended = up.end(patience);
    assert!(ended.is_some_and(|status| status.success()), "{}", up.text());
    assert_eq!(agents_below(&data, &up), 0, "{}", up.text());
}

#[test]
fn an_agent_that_was_started_by_hand_is_left_alone() {
    let agent = AgentOptions::new(ExecutorKind::Host).slots(1);
    let yard = Fleet::start_with(&processes(), vec![agent]);
    let builds = [yard.submit(&sleeping(0.2), &["--image", "host"]), yard.submit(&sleeping(0.2), &["--image", "host"])];
    for build in &builds {
        yard.succeed(build, Duration::from_secs(60));
    }
    wait_for("the fleet to be empty", Duration::from_secs(60), || {
        (count(&standing(&yard), "desired") == 0).then_some(())
    });
    wait_for("one agent", Duration::from_secs(60), || (yard.documents(&["agents"]).len() == 1).then_some(()));
    assert_eq!(yard.documents(&["agents"])[0]["name"], yard.agent_name());
}
