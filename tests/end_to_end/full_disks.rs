//! Disks that fill up: the agent's by its own builds or by somebody else, the coordinator's. Each is a small disk of the
//! test's own; as another user than root they are skipped.

use buildyard_model::{BuildStatus, BuildView};
use harness::{AgentOptions, Disk, ExecutorKind, Fleet, FleetOptions, Started, wait_for};
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);
const NOTHING: &str = "version: 0.2\nphases: {build: {commands: ['echo done']}}\n";

fn agent(floor: &'static str) -> AgentOptions {
    AgentOptions::new(ExecutorKind::Host).disk(32, floor)
}

/// The build ended by our fault, and says which folder's disk is full, in its phases and by itself.
fn expect_full(view: &BuildView, folder: &Path) {
    assert_eq!(view.build_status, BuildStatus::Fault, "{view:#?}");
    let messages = view.phases.iter().flat_map(|record| &record.contexts).map(|context| context.message.as_str());
    let said: Vec<&str> = messages.chain(view.reason.as_deref()).filter(|text| !text.is_empty()).collect();
    let clear = |text: &&&str| text.contains(folder.to_str().unwrap()) && text.contains("full");
    assert!(said.iter().any(|text| clear(&text)), "{said:?} names no full disk of {}", folder.display());
}

fn data(fleet: &Fleet) -> std::path::PathBuf {
    fleet.directory().join(fleet.agent_name())
}

/// The agent lives, and what the builds took is given back.
fn expect_recovered(fleet: &mut Fleet) {
    assert!(fleet.agents[0].running(), "the agent ended:\n{}", fleet.agents[0].text());
    let next = fleet.submit(NOTHING, &[]);
    fleet.succeed(&next, PATIENCE);
    wait_for("an empty agent", PATIENCE, || fleet.workspaces().is_empty().then_some(()));
    assert!(fleet.disks[0].free_bytes() > 24 << 20, "the disk stays full");
}

#[test]
fn a_build_that_fills_the_agents_disk_ends_with_its_name_and_the_next_one_runs() {
    if !Disk::is_possible() {
        return;
    }
    let mut fleet = Fleet::start(agent("4MiB"));
    // What it prints after the disk is full is more than the last page of the journal can hold.
    let buildspec = "version: 0.2
phases: {build: {commands: ['cat /dev/zero > large || seq 1 100000', 'echo not reached']}}
";
    let build = fleet.submit(buildspec, &[]);
    expect_full(&fleet.finish(&build, PATIENCE), &data(&fleet));
    expect_recovered(&mut fleet);
}

#[test]
fn a_log_that_fills_the_agents_disk_keeps_every_byte_that_was_acknowledged() {
    if !Disk::is_possible() {
        return;
    }
    let mut fleet = Fleet::start(agent("4MiB"));
    let build = fleet.submit("version: 0.2\nphases: {build: {commands: ['seq 1 100000000']}}\n", &[]);
    let mut acknowledged = Vec::new();
    let view = wait_for("the build's end", PATIENCE, || {
        let view = fleet.show(&build);
        if !view.build_complete {
            acknowledged = fleet.log(&build);
        }
        view.build_complete.then_some(view)
    });
    expect_full(&view, &data(&fleet));
    let log = fleet.log(&build);
    assert!(log.starts_with(&acknowledged), "{} bytes were shown before, and are not in the log", acknowledged.len());
    assert_eq!(view.log_bytes, Some(log.len() as u64));
    let text = String::from_utf8_lossy(&log).into_owned();
    let printed: Vec<u32> = text.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(printed.len() > 1_000_000, "only {} lines are there", printed.len());
    // The last line may be cut where the disk was.
    let whole = &printed[..printed.len() - 1];
    assert!(whole.iter().zip(1..).all(|(line, number)| *line == number), "lines are lost or out of order");
    expect_recovered(&mut fleet);
}

#[test]
fn a_source_larger_than_the_agents_disk_ends_its_build() {
    if !Disk::is_possible() {
        return;
    }
    let mut fleet = Fleet::start(agent("4MiB"));
    let source = fleet.directory().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("buildspec.yml"), NOTHING).unwrap();
    std::fs::write(source.join("large"), vec![7; 40 << 20]).unwrap();
    let build = fleet.submit_with(&["start", "--image", "none", "--source", source.to_str().unwrap()]);
    expect_full(&fleet.finish(&build, PATIENCE), &data(&fleet));
    expect_recovered(&mut fleet);
}

#[test]
fn an_agent_whose_disk_is_full_takes_no_builds_until_there_is_room() {
    if !Disk::is_possible() {
        return;
    }
    let mut fleet = Fleet::start(agent("4MiB"));
    let ballast = fleet.disks[0].fill();
    wait_for("the agent to say so", PATIENCE, || {
        let reason = fleet.document(&["agents"])["reason"].as_str().unwrap_or_default().to_owned();
        (reason.contains("no room left") && reason.contains(data(&fleet).to_str().unwrap())).then_some(())
    });
    let waiting = fleet.submit(NOTHING, &[]);
    drop(ballast);
    fleet.succeed(&waiting, PATIENCE);
    expect_recovered(&mut fleet);
}

#[test]
fn a_build_offered_to_an_agent_with_no_room_at_all_waits_for_it() {
    if !Disk::is_possible() {
        return;
    }
    let mut fleet = Fleet::start(agent("0MiB"));
    let ballast = fleet.disks[0].fill();
    let waiting = fleet.submit(NOTHING, &[]);
    let reason = wait_for("the agent to try", PATIENCE, || fleet.show(&waiting).reason);
    assert!(reason.contains("is full") && reason.contains(data(&fleet).to_str().unwrap()), "{reason}");
    wait_for("the agent to take no more", PATIENCE, || {
        fleet.document(&["agents"])["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("no room left"))
            .then_some(())
    });
    drop(ballast);
    fleet.succeed(&waiting, PATIENCE);
    let tries = fleet.agents[0].text().matches("a build is declined").count();
    assert!((1..50).contains(&tries), "it was offered {tries} times");
    expect_recovered(&mut fleet);
}

#[test]
fn a_coordinator_whose_disk_is_full_refuses_builds_and_loses_none() {
    if !Disk::is_possible() {
        return;
    }
    let options = FleetOptions { disk_mib: Some(32), ..FleetOptions::default() };
    let mut fleet = Fleet::start_as(&options, vec![AgentOptions::new(ExecutorKind::Host).slots(4)]);
    let before = fleet.submit(NOTHING, &[]);
    fleet.succeed(&before, PATIENCE);
    let go = fleet.directory().join("go");
    let buildspec = format!(
        "version: 0.2\nphases: {{build: {{commands: ['while ! test -e {}; do sleep 0.1; done', 'seq 1 200000']}}}}\n",
        go.display()
    );
    let running = fleet.submit(&buildspec, &[]);
    wait_for("its first command", PATIENCE, || {
        (fleet.show(&running).current_phase == buildyard_model::Phase::Build).then_some(())
    });

    let ballast = fleet.disks[0].fill();
    let (accepted, refusal) = submit_until_refused(&fleet);
    let folder = fleet.directory().join("coordinator");
    assert!(refusal.contains("full") && refusal.contains(folder.to_str().unwrap()), "{refusal}");
    assert!(!refusal.contains("does not answer"), "{refusal}");
    assert_eq!(fleet.show(&before).build_status, BuildStatus::Succeeded, "what is stored can be read");
    let source = fleet.directory().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("buildspec.yml"), NOTHING).unwrap();
    std::fs::write(source.join("large"), vec![7; 1 << 20]).unwrap();
    let out = fleet.run(&["start", "--source", source.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && said.contains("data directory is full"), "{said}");
    // The running build goes on, and prints what there is no room for.
    std::fs::write(&go, "").unwrap();
    let unsent = "a build's log could not be sent on";
    wait_for("a log that cannot be stored", PATIENCE, || fleet.agents[0].text().contains(unsent).then_some(()));

    drop(ballast);
    for build in &accepted {
        fleet.succeed(build, PATIENCE);
    }
    fleet.succeed(&running, PATIENCE);
    let log = String::from_utf8(fleet.log(&running)).unwrap();
    let printed: Vec<u32> = log.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(printed.iter().copied().eq(1..=200_000), "the log has a gap");
    let after = fleet.submit(NOTHING, &[]);
    fleet.succeed(&after, PATIENCE);
    assert!(fleet.coordinator.running(), "the coordinator ended:\n{}", fleet.coordinator.text());
    fleet.kill_coordinator();
    fleet.restart_coordinator();
    for build in accepted.iter().chain([&before, &running, &after]) {
        assert_eq!(fleet.show(build).build_status, BuildStatus::Succeeded);
    }
}

/// Submits builds until one is refused. What is in the database's files already may have room for a few.
fn submit_until_refused(fleet: &Fleet) -> (Vec<Started>, String) {
    let mut accepted = Vec::new();
    for _ in 0..2000 {
        let line = ["start", "--source", "none", "--output", "json", "--buildspec", NOTHING];
        let out = fleet.run(&line);
        if !out.status.success() {
            return (accepted, String::from_utf8_lossy(&out.stderr).into_owned());
        }
        let build: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        accepted.push(Started { id: build["id"].as_str().unwrap().to_owned() });
    }
    panic!("a coordinator with a full disk accepted {} builds", accepted.len());
}
