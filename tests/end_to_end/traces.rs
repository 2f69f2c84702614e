//! Traces: one for each build, whoever tells of it, and never in a build's way.

mod receiver;

use buildyard_model::Phase;
use harness::{AgentOptions, ExecutorKind, Fleet, FleetOptions, Started, binary, wait_for};
use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use receiver::{Receiver, Told, text};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn section(endpoint: &str) -> String {
    format!("[tracing]\notlp = {endpoint:?}\nheaders = {{ \"x-key\" = \"not-to-be-seen\" }}\n")
}

fn fleet(endpoint: &str) -> Fleet {
    let section = section(endpoint);
    let options = FleetOptions { more: section.clone(), ..FleetOptions::default() };
    Fleet::start_as(&options, vec![AgentOptions::new(ExecutorKind::Host).more(&section)])
}

fn trace_id(build: &Started) -> String {
    build.id.rsplit(':').next().unwrap().replace('-', "")
}

/// The build's trace, once root and attempt are there, as each span's path from the root.
fn tree(receiver: &Receiver, build: &Started) -> BTreeMap<String, Told> {
    let spans = wait_for("the build's trace", PATIENCE, || {
        let spans = receiver.trace(&trace_id(build));
        let has = |name| spans.values().any(|told: &Told| told.span.name == name);
        (has("build") && has("attempt")).then_some(spans)
    });
    let path = |told: &Told| {
        let mut path = told.span.name.clone();
        let mut parent = told.span.parent_span_id.clone();
        while !parent.is_empty() {
            let above = spans.get(&parent).unwrap_or_else(|| panic!("nobody told of the parent of {path}"));
            path = format!("{}/{path}", above.span.name);
            parent = above.span.parent_span_id.clone();
        }
        path
    };
    let tree: BTreeMap<String, Told> = spans.values().map(|told| (path(told), told.clone())).collect();
    assert_eq!(tree.len(), spans.len(), "two spans at one place: {:?}", tree.keys());
    tree
}

#[test]
fn a_build_is_one_trace_across_coordinator_and_agent() {
    let receiver = Receiver::open();
    let fleet = fleet(&receiver.endpoint);
    let buildspec = "version: 0.2\nphases:\n  install:\n    commands: ['true']\n  build:\n    commands: ['exit 3']\n";
    let build = fleet.submit(buildspec, &["--project", "traced"]);
    fleet.finish(&build, PATIENCE);
    let tree = tree(&receiver, &build);
    let phases = Phase::ALL.into_iter().filter(|phase| (Phase::Provisioning..Phase::Completed).contains(phase));
    let phases = phases.map(|phase| format!("build/attempt/phase {phase}"));
    let steps = ["image", "sandbox"].map(|step| format!("build/attempt/phase PROVISIONING/{step}"));
    let others = ["build", "build/queue", "build/attempt", "build/attempt/source"].map(str::to_owned);
    let mut expected: Vec<String> = phases.chain(steps).chain(others).collect();
    expected.sort();
    assert_eq!(tree.keys().cloned().collect::<Vec<_>>(), expected);

    for (path, told) in &tree {
        let teller = if path.contains("attempt") { "buildyard-agent" } else { "buildyard-coordinator" };
        assert_eq!((told.service.as_str(), told.key.as_str()), (teller, "not-to-be-seen"), "{path}");
        assert_eq!(text(&told.span.attributes, "build.id").as_ref(), Some(&build.id), "{path}");
    }
    let root = &tree["build"].span;
    for (name, value) in
        [("project", "traced"), ("fleet", "on-demand"), ("agent", fleet.agent_name()), ("outcome", "FAILED")]
    {
        assert_eq!(text(&root.attributes, name).as_deref(), Some(value));
    }
    let failed = tree["build/attempt/phase BUILD"].span.status.as_ref().unwrap();
    assert_eq!(failed.code(), StatusCode::Error);
    assert_eq!(failed.message, "Error while executing command: exit 3. Reason: exit status 3");
    assert_eq!(tree["build/attempt/phase INSTALL"].span.status.as_ref().unwrap().code(), StatusCode::Ok);

    let submitted = wait_for("the request's span", PATIENCE, || {
        receiver.all().into_iter().find(|told| told.span.name == "api Builds/Submit")
    });
    assert_eq!(submitted.span.kind(), SpanKind::Server);
}

#[test]
fn killed_and_started_again_agent_and_coordinator_go_on_with_the_same_trace() {
    let receiver = Receiver::open();
    let mut fleet = fleet(&receiver.endpoint);
    let go_on = fleet.directory().join("go-on");
    let buildspec = format!(
        "version: 0.2\nphases:\n  pre_build:\n    commands: ['true']\n  build:\n    commands: ['while [ ! -e {} ]; do sleep 0.1; done']\n",
        go_on.display()
    );
    let build = fleet.submit(&buildspec, &[]);
    wait_for("the phase before the wait", PATIENCE, || {
        let spans = receiver.trace(&trace_id(&build));
        spans.values().any(|told| told.span.name == "phase PRE_BUILD").then_some(())
    });
    fleet.kill_agent();
    fleet.kill_coordinator();
    fleet.restart_coordinator();
    fleet.restart_agent();
    fleet.wait_online(1);
    std::fs::write(&go_on, "").unwrap();
    fleet.succeed(&build, PATIENCE);
    let tree = tree(&receiver, &build);
    for path in
        ["build/queue", "build/attempt/phase PRE_BUILD", "build/attempt/phase BUILD", "build/attempt/phase FINALIZING"]
    {
        assert!(tree.contains_key(path), "{path} is not among {:?}", tree.keys());
    }
    let (root, attempt) = (&tree["build"].span, &tree["build/attempt"].span);
    let before = &tree["build/attempt/phase PROVISIONING"].span;
    assert!(attempt.start_time_unix_nano <= before.start_time_unix_nano, "the attempt began before the crash");
    assert!(root.start_time_unix_nano <= attempt.start_time_unix_nano);
}

#[test]
fn without_a_receiver_builds_go_on_and_what_is_lost_is_counted() {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let metrics = free();
    let more = format!("{}[metrics]\nlisten = \"{metrics}\"\n", section(&format!("http://{}", free())));
    let options = FleetOptions { more: more.clone(), ..FleetOptions::default() };
    let agent = AgentOptions::new(ExecutorKind::Host).more(more.split("[metrics]").next().unwrap());
    let mut fleet = Fleet::start_as(&options, vec![agent]);
    for _ in 0..3 {
        let build = fleet.submit("version: 0.2\nphases:\n  build:\n    commands: ['true']\n", &[]);
        fleet.succeed(&build, PATIENCE);
    }
    let lost = |page: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix("buildyard_trace_spans_dropped_total "));
        line.is_some_and(|count| count.parse::<u64>().unwrap() > 0)
    };
    wait_for("the count of what was lost", PATIENCE, || lost(&page(metrics)).then_some(()));
    let said = |log: String| log.matches("spans of traces are lost").count();
    wait_for("what both say of it", PATIENCE, || {
        let all = [said(fleet.coordinator.text()), said(fleet.agents[0].text())];
        all.iter().all(|times| *times > 0).then_some(())
    });
    assert_eq!((said(fleet.coordinator.text()), said(fleet.agents[0].text())), (1, 1), "not again and again");
    assert!(!fleet.coordinator.text().contains("not-to-be-seen"));
    // Its last words hold it up for a moment only.
    assert!(fleet.coordinator.end(Duration::from_secs(10)).is_some_and(|status| status.success()));
}

fn page(address: std::net::SocketAddr) -> String {
    use std::io::{Read, Write};
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    socket.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn up_refuses_an_address_that_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let out =
        Command::new(binary()).args(["up", "--otlp", "collector:4317", "--data-dir"]).arg(directory.path()).output();
    let said = String::from_utf8(out.unwrap().stderr).unwrap();
    assert!(said.contains("--otlp: \"collector:4317\"") && said.contains("write http://host:4317"), "{said}");
}
