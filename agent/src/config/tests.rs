use super::*;
use buildyard_model::{Resources, Secret};
use std::time::Duration;

fn parsed(text: &str) -> AgentConfig {
    AgentConfig::parse(Path::new("agent.toml"), text).unwrap()
}

fn complaint(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    std::fs::write(&path, text).unwrap();
    let error = AgentConfig::load(&path).unwrap_err().to_string();
    error.replace(&format!("{}/", directory.path().display()), "")
}

#[test]
fn every_key_is_read() {
    let config = parsed(
        r#"
        name = "host-1"
        data_dir = "/data"
        slots = 4
        allow_privileged = true
        allow_local_sources = ["/srv/git"]
        disk_floor = "10GiB"
        [labels]
        zone = "a"
        [coordinator]
        endpoint = "https://coordinator:8081"
        join_token = "secret"
        [executor]
        kind = "host"
        [capacity]
        vcpu = 8
        memory = "16GiB"
        [git]
        timeout = "5m"
        [warm]
        limit = 3
        idle = "2m"
        images = ["team/tools:1"]
        [gc]
        images = "5GiB"
        image_age = "3d"
        sources = "1GiB"
        "#,
    );
    assert_eq!(config.name.as_ref().unwrap().as_str(), "host-1");
    assert_eq!(config.disk_floor, ByteSize::gib(10));
    assert_eq!(config.coordinator.join_token, Some(Secret::new("secret")));
    assert_eq!(config.executor.kind, ExecutorKind::Host);
    assert_eq!(config.git.timeout.0, Duration::from_secs(300));
    assert_eq!((config.warm.most(2), config.warm.most(8), config.warm.images.len()), (2, 3, 1));
    assert_eq!((config.gc.images, config.gc.image_age.0), (ByteSize::gib(5), Duration::from_secs(3 * 86_400)));
    assert!(!format!("{config:?}").contains("secret"), "a secret prints as ***");
    config.check().unwrap();
}

#[test]
fn errors_name_file_line_and_key() {
    assert_eq!(
        complaint("slots = 2\n[coordinator]\nendpont = \"http://x\"\n"),
        "agent.toml:3: coordinator.endpont: unknown field `endpont`, expected one of `endpoint`, `join_token`, `join_token_file`"
    );
    assert_eq!(
        complaint("disk_floor = \"10 gigs\"\n"),
        "agent.toml:1: disk_floor: \"10 gigs\" is not a size: write a whole number with B, KiB, MiB, GiB or TiB, as in \"10GiB\""
    );
    assert_eq!(
        complaint("\n[coordinator]\n# whom\nendpoint = \"coordinator:8081\"\n"),
        "agent.toml:4: coordinator.endpoint: \"coordinator:8081\" is not an address: expected http://host:port or https://host:port"
    );
    assert_eq!(
        complaint("[tracing]\notlp = \"collector:4317\"\n"),
        "agent.toml:2: tracing.otlp: \"collector:4317\" is not the address of an OTLP receiver that speaks gRPC: write http://host:4317 or https://host:4317"
    );
    assert_eq!(complaint("slots = 0"), "agent.toml:1: slots: must be at least 1");
    assert_eq!(
        complaint("[executor]\nkind = \"host\"\naddress = \"/run/x\""),
        "agent.toml:3: executor.address: has no meaning with kind = \"host\"; remove it"
    );
    assert!(complaint("name = \"a b\"").starts_with("agent.toml:1: name: agent name \"a b\" is not valid"));
}

#[test]
fn a_missing_file_is_named() {
    let error = AgentConfig::load(Path::new("/nonexistent/agent.toml")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read /nonexistent/agent.toml: "), "{error}");
}

#[test]
fn the_environment_overrides_the_file() {
    let mut config = parsed("[coordinator]\njoin_token_file = \"/token\"");
    let variables = |name: &str| match name {
        "BUILDYARD_AGENT_JOIN_TOKEN" => Some("from-env".to_owned()),
        "BUILDYARD_AGENT_NAME" => Some("other".to_owned()),
        _ => None,
    };
    environment::override_by(&mut config, variables).unwrap();
    assert_eq!(config.coordinator.token().unwrap(), Some(Secret::new("from-env")));
    assert_eq!(config.agent_name().unwrap().as_str(), "other");
}

#[test]
fn a_launch_is_told_by_the_environment_alone() {
    let ticket = "3f1c0c52-7a4e-4a0e-9f0b-8a3f5f3b0a11";
    let variables = |name: &str| {
        let value = match name {
            "BUILDYARD_COORDINATOR" => "http://coordinator:8081",
            "BUILDYARD_JOIN_TOKEN" => "token",
            "BUILDYARD_AGENT_NAME" => "linux-3f1c0c52",
            "BUILDYARD_TICKET" => ticket,
            "BUILDYARD_FLEET" => "linux",
            "BUILDYARD_INSTANCE" => "i-1",
            "BUILDYARD_AGENT_EPHEMERAL" => "true",
            "BUILDYARD_SLOTS" => "3",
            "BUILDYARD_LABELS" => "disk=ssd,zone=a=b",
            "OTEL_EXPORTER_OTLP_ENDPOINT" => "http://collector:4317",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let config = AgentConfig::from_variables(variables).unwrap().unwrap();
    assert_eq!(config.coordinator.endpoint, "http://coordinator:8081");
    assert_eq!(config.coordinator.token().unwrap(), Some(Secret::new("token")));
    assert_eq!((config.name.unwrap().as_str(), config.slots), ("linux-3f1c0c52", Some(3)));
    assert_eq!(config.labels, [("disk", "ssd"), ("zone", "a=b")].map(|(k, v)| (k.into(), v.into())).into());
    assert_eq!(config.tracing.otlp.as_deref(), Some("http://collector:4317"));
    assert!(config.launch.is_launched() && config.launch.is_ephemeral);
    assert_eq!(config.launch.ticket.unwrap().to_string(), ticket);
    assert_eq!(config.launch.fleet.unwrap().as_str(), "linux");
    assert_eq!(config.launch.instance.unwrap().0, "i-1");
    assert!(AgentConfig::from_variables(|name| variables(name).filter(|_| name != "BUILDYARD_JOIN_TOKEN")).is_none());
    let wrong = |name: &str| if name == "BUILDYARD_SLOTS" { Some("many".to_owned()) } else { variables(name) };
    let error = AgentConfig::from_variables(wrong).unwrap().unwrap_err().to_string();
    assert_eq!(error, "BUILDYARD_SLOTS: \"many\" is not a whole number");
    let other = |name: &str| (name == "BUILDYARD_TICKET").then(|| "x".to_owned());
    assert!(environment::override_by(&mut AgentConfig::default(), other).unwrap_err().to_string().contains("uuid"));
}

#[test]
fn a_token_file_is_read_without_its_line_break() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "token\n").unwrap();
    let config = CoordinatorConfig { join_token_file: Some(file.path().to_owned()), ..Default::default() };
    assert_eq!(config.token().unwrap(), Some(Secret::new("token")));
}

#[test]
fn explicit_slots_decide_over_the_hosts_size() {
    let host = Resources { vcpu: 2, memory_mib: 4000 };
    let offer = |slots| CapacityConfig::default().offer(slots, host);
    assert_eq!(offer(None), (1, host));
    assert_eq!(offer(Some(4)), (4, Resources { vcpu: 8, memory_mib: 4 * 4096 }));
    let fixed = CapacityConfig { vcpu: Some(3), memory: Some(ByteSize::gib(1)) };
    assert_eq!(fixed.offer(Some(4), host), (4, Resources { vcpu: 3, memory_mib: 1024 }));
    let big = Resources { vcpu: 64, memory_mib: 1 << 20 };
    assert_eq!(CapacityConfig::default().offer(None, big), (32, big));
}

#[test]
fn sizes_print_as_they_are_written() {
    for text in ["10GiB", "512MiB", "1TiB", "3B", "7KiB"] {
        assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
    }
    assert!("99999999999TiB".parse::<ByteSize>().is_err());
    assert!("-1GiB".parse::<ByteSize>().is_err());
    assert_eq!("250ms".parse::<Span>().unwrap().0, Duration::from_millis(250));
}

#[test]
fn the_example_is_the_default_also_with_its_examples_switched_on() {
    let text = include_str!("../../../deploy/config/agent.toml");
    let parsed = AgentConfig::parse(Path::new("agent.toml"), text).unwrap();
    assert_eq!(parsed, AgentConfig::default());
    let example = |line: &str| {
        line.strip_prefix("# ").filter(|rest| rest.starts_with('[') || rest.contains(" = ")).map(str::to_owned)
    };
    let all: Vec<String> = text.lines().map(|line| example(line).unwrap_or_else(|| line.to_owned())).collect();
    let parsed = AgentConfig::parse(Path::new("agent.toml"), &all.join("\n")).unwrap();
    parsed.check().unwrap();
    assert!(parsed.slots == Some(4) && parsed.capacity.vcpu == Some(16) && parsed.labels.len() == 1);
}
