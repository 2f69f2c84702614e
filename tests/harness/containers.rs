//! What tests need of the container engine itself.

use std::path::PathBuf;
use std::process::Command;

/// An image with nothing but a static busybox, made once per host. Its name.
pub fn busybox_image() -> String {
    let name = "buildyard/busybox:1.0";
    let there = Command::new("docker").args(["image", "inspect", name]).output().is_ok_and(|out| out.status.success());
    if !there {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/images/busybox/build.sh");
        let made = Command::new("sh").arg(script).output().expect("the recipe runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    name.to_owned()
}

/// Containers, networks and volumes that carry this agent's label. Warm ones that wait for a build are none.
pub fn leftovers(agent: &str) -> Vec<String> {
    let filter = format!("label=buildyard.agent={agent}");
    let lists: [&[&str]; 3] = [&["ps", "-aq"], &["network", "ls", "-q"], &["volume", "ls", "-q"]];
    lists
        .iter()
        .flat_map(|list| {
            let out = Command::new("docker").args(*list).args(["--filter", &filter]).output().expect("docker runs");
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            let waiting = if list[0] == "ps" { waiting(&filter) } else { Vec::new() };
            let text: String = text
                .lines()
                .filter(|line| !waiting.iter().any(|id| id == line))
                .fold(String::new(), |all, line| all + line + "\n");
            text.lines().map(|line| format!("{} {line}", list[0])).collect::<Vec<_>>()
        })
        .collect()
}

/// Warm containers without a build: they have no plan yet, so their runner has made no journal.
fn waiting(filter: &str) -> Vec<String> {
    let run = |arguments: &[&str]| {
        let out = Command::new("docker").args(arguments).output().expect("docker runs");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let all = run(&["ps", "-q", "--filter", filter, "--filter", "label=buildyard.warm"]);
    let journal = "/codebuild/buildyard/control/journal";
    all.lines()
        .filter(|id| run(&["exec", id, "sh", "-c", &format!("test -e {journal} || echo waits")]).contains("waits"))
        .map(str::to_owned)
        .collect()
}
