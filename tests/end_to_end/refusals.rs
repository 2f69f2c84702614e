//! What is refused when it is submitted.

use harness::{AgentOptions, ExecutorKind, Fleet};
use std::time::{Duration, Instant};

#[test]
fn hostile_sources_and_refs_are_refused() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let sources =
        ["--source=--upload-pack=touch /tmp/p", "--source=ext::sh -c id", "--source=ssh://-oProxyCommand=id/x"];
    for source in sources {
        let out = fleet.run(&["start", source]);
        assert!(!out.status.success(), "{source} was taken: {}", String::from_utf8_lossy(&out.stdout));
    }
    for version in ["--output=/tmp/x", "-oX", "a b", "$(id)", "@{-1}"] {
        let out =
            fleet.run(&["start", "--source=https://example.invalid/x.git", &format!("--source-version={version}")]);
        assert!(!out.status.success(), "{version} was taken");
    }
    assert!(fleet.documents(&["builds"]).is_empty(), "something was queued");
}

#[test]
fn ten_megabytes_of_aliases_are_refused_in_a_second() {
    let fleet = Fleet::start(AgentOptions::new(ExecutorKind::Host));
    let mut text = String::from("version: 0.2\na: &a [x,x,x,x,x,x,x,x,x]\n");
    while text.len() < 10 * 1024 * 1024 {
        text.push_str("b: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n");
    }
    let path = fleet.directory().join("bomb.yml");
    std::fs::write(&path, text).unwrap();
    let asked = Instant::now();
    let out = fleet.run(&["start", "--source", "none", "--buildspec", path.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(2), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(asked.elapsed() < Duration::from_secs(1), "it took {:?}", asked.elapsed());
}
