//! The Swarm stack, on a swarm of one node.

use crate::said;
use crate::stack::Stack;
use harness::{SwarmOfOne, wait_for};
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const LABEL: &str = "buildyard.coordinator";

fn docker(arguments: &[&str]) -> Result<String, String> {
    said(Command::new("docker").args(arguments))
}

struct Deployed {
    name: String,
    node: String,
}

impl Drop for Deployed {
    fn drop(&mut self) {
        let _ = docker(&["stack", "rm", &self.name]);
        let gone = || {
            let filter = format!("label=com.docker.stack.namespace={}", self.name);
            docker(&["ps", "--all", "--quiet", "--filter", &filter]).is_ok_and(|left| left.trim().is_empty())
        };
        wait_for("the stack's containers to go", PATIENCE, || gone().then_some(()));
        let _ = docker(&["volume", "rm", &format!("{}_coordinator", self.name)]);
        let _ = docker(&["node", "update", "--label-rm", LABEL, &self.node]);
    }
}

#[test]
fn a_stack_starts_a_fleet_whose_agents_come_and_go() {
    let stack = Stack::of("deploy/swarm");
    let _swarm = SwarmOfOne::new();
    let node = docker(&["node", "ls", "--quiet"]).unwrap().trim().to_owned();
    docker(&["node", "update", "--label-add", &format!("{LABEL}=here"), &node]).unwrap();
    let deployed = Deployed { name: format!("buildyard-test-{}", stack.http), node };
    let file = stack.path().join("stack.yaml");
    docker(&["stack", "deploy", "--compose-file", file.to_str().unwrap(), &deployed.name]).unwrap();
    let filter = format!("label=com.docker.swarm.service.name={}_coordinator", deployed.name);
    let container = wait_for("the coordinator's container", PATIENCE, || {
        let found = docker(&["ps", "--quiet", "--filter", &filter]).unwrap().trim().to_owned();
        (!found.is_empty()).then_some(found)
    });
    stack.build(&container);
}
