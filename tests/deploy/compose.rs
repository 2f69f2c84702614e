//! The Compose file.

use crate::said;
use crate::stack::Stack;
use std::process::Command;

struct Project<'a>(&'a Stack);

impl Project<'_> {
    fn compose(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("docker-compose");
        command.args(["--project-name", &format!("buildyard-test-{}", self.0.http)]).args(arguments);
        command.env("BUILDYARD_HTTP", self.0.http.to_string()).env("BUILDYARD_GRPC", self.0.grpc.to_string());
        said(command.current_dir(self.0.path()))
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        let _ = self.compose(&["down", "--volumes", "--timeout", "20"]);
    }
}

#[test]
fn compose_starts_a_fleet_whose_agents_come_and_go() {
    let stack = Stack::of("deploy/compose");
    let project = Project(&stack);
    project.compose(&["up", "--detach"]).unwrap();
    let container = project.compose(&["ps", "--quiet", "coordinator"]).unwrap();
    stack.build(container.trim());
}
