//! Agents that are taken out of service, and what is measured of them.

use buildyard_model::{BuildStatus, Phase};
use harness::{AgentOptions, ExecutorKind, Fleet, wait_for};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(40);
const QUICK: &str = "version: 0.2\nphases:\n  build:\n    commands: ['true']\n";
const LONG: &str = "version: 0.2\nphases:\n  build:\n    commands: ['sleep 600']\n";

fn agent(fleet: &Fleet) -> serde_json::Value {
    fleet.document(&["agents"])
}

#[test]
fn a_cordoned_agent_gets_no_new_build_and_says_why() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let name = fleet.agent_name().to_owned();
    let cordoned = fleet.document(&["agents", "cordon", &name, "--reason", "new kernel"]);
    assert_eq!(cordoned["status"], "CORDONED");
    let build = fleet.submit(QUICK, &[]);
    let reason = fleet.show(&build).reason.unwrap_or_default();
    assert!(reason.contains("is cordoned") && reason.contains("new kernel"), "{reason}");
    assert_eq!(fleet.document(&["agents", "undrain", &name])["status"], "ONLINE");
    fleet.succeed(&build, PATIENCE);
}

#[test]
fn behind_its_deadline_a_drained_agent_loses_its_builds() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let name = fleet.agent_name().to_owned();
    let build = fleet.submit(LONG, &[]);
    wait_for("BUILD", PATIENCE, || (fleet.show(&build).current_phase == Phase::Build).then_some(()));
    let drained = fleet.document(&["agents", "drain", &name, "--within", "2s", "--wait", "--reason", "new disk"]);
    assert_eq!((drained["status"].as_str(), drained["builds"].as_array().map(Vec::len)), (Some("DRAINING"), Some(0)));
    let view = fleet.finish(&build, PATIENCE);
    assert_eq!(view.build_status, BuildStatus::Fault);
    let reason = view.reason.unwrap_or_default();
    assert!(reason.contains("new disk") && reason.contains("its commands had begun"), "{reason}");
    wait_for("an empty agent", PATIENCE, || fleet.workspaces().is_empty().then_some(()));
}

#[test]
fn a_removed_agent_hears_so_and_ends() {
    let mut fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let name = fleet.agent_name().to_owned();
    assert!(fleet.run(&["agents", "remove", &name, "--reason", "sold"]).status.success());
    assert!(fleet.documents(&["agents"]).is_empty());
    let code = wait_for("the agent's end", PATIENCE, || fleet.agents[0].ended());
    assert_eq!(code, Some(4), "the code by which service managers know that it is not to be started again");
    let said = fleet.agents[0].text();
    assert!(said.contains("was removed from the fleet") && said.contains("sold"), "{said}");
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn scrape(address: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    body.to_owned()
}

/// The names of the metrics on the page, every line of which must be one of OpenMetrics.
fn names(page: &str) -> BTreeSet<String> {
    let body = page.strip_suffix("# EOF\n").expect("the page is whole");
    let mut names = BTreeSet::new();
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let (kind, rest) = comment.split_once(' ').expect("a kind");
            assert!(["HELP", "TYPE", "UNIT"].contains(&kind) && rest.contains(' '), "{line}");
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a value");
        value.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
        let (name, labels) = series
            .split_once('{')
            .map_or((series, ""), |(name, rest)| (name, rest.strip_suffix('}').expect("labels end")));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{line}");
        assert!(labels.is_empty() || labels.split("\",").all(|label| label.contains("=\"")), "{line}");
        names.insert(name.to_owned());
    }
    names
}

#[test]
fn both_pages_of_metrics_are_whole_and_usage_is_counted() {
    let (coordinator, host) = (free_address(), free_address());
    let more = format!(
        "[metrics]\nlisten = \"{coordinator}\"\n[usage]\ncurrency = \"USD\"\nprices = {{ BUILD_GENERAL1_SMALL = 0.005 }}\n"
    );
    let options = AgentOptions::new(ExecutorKind::Host).more(&format!("metrics = {{ listen = \"{host}\" }}"));
    let fleet = Fleet::start_with(&more, vec![options]);
    let build = fleet.submit(QUICK, &[]);
    fleet.succeed(&build, PATIENCE);
    let page = names(&scrape(&coordinator));
    for name in [
        "buildyard_builds",
        "buildyard_builds_finished_total",
        "buildyard_build_wait_seconds_bucket",
        "buildyard_build_duration_seconds_sum",
        "buildyard_dispatch_seconds_count",
        "buildyard_store_commit_seconds_count",
        "buildyard_agents",
        "buildyard_log_bytes_total",
        "buildyard_api_requests_total",
        "buildyard_api_request_seconds_bucket",
    ] {
        assert!(page.contains(name), "{name} is not among {page:?}");
    }
    wait_for("the host's vitals", PATIENCE, || {
        scrape(&host).contains("buildyard_agent_memory_total_bytes{").then_some(())
    });
    let page = names(&scrape(&host));
    for name in
        ["buildyard_agent_builds_finished_total", "buildyard_agent_phase_seconds_count", "buildyard_agent_connected"]
    {
        assert!(page.contains(name), "{name} is not among {page:?}");
    }
    wait_for("the vitals at the coordinator", PATIENCE, || agent(&fleet)["vitals"].is_object().then_some(()));
    let usage = wait_for("the usage", PATIENCE, || {
        let usage = fleet.document(&["usage", "--by", "compute"]);
        (usage["total"]["builds"] == 1).then_some(usage)
    });
    assert_eq!(usage["groups"][0]["name"], "BUILD_GENERAL1_SMALL");
    assert_eq!((&usage["total"]["billedMinutes"], &usage["total"]["costMillionths"]), (&1.into(), &5000.into()));
}
