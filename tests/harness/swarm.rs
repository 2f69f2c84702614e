//! The engine as a swarm of one.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

/// What engines make for their first swarm, and keep after it.
const BRIDGE: &str = "docker_gwbridge";

/// The engine in a swarm, on the loopback. Where it was in none, the last test to end leaves it again: tests are
/// processes of their own, and those of the provisioners keep to the same lock.
#[derive(Debug)]
pub struct SwarmOfOne {
    users: File,
    made: PathBuf,
}

impl SwarmOfOne {
    /// Makes the swarm, or shares it.
    #[allow(clippy::new_without_default, reason = "it changes the engine")]
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join("buildyard-provision-swarm");
        std::fs::create_dir_all(&folder).expect("a folder for the locks");
        let users = File::create(folder.join("users")).expect("the users' lock");
        users.lock_shared().expect("the users' lock");
        let first = File::create(folder.join("first")).expect("the first's lock");
        first.lock().expect("the first's lock");
        let made = folder.join("made");
        if docker(&["info", "--format", "{{.Swarm.LocalNodeState}}"]).trim() == "inactive" {
            let networks = docker(&["network", "ls", "--format", "{{.Name}}"]);
            let bridge = if networks.lines().any(|name| name == BRIDGE) { "" } else { BRIDGE };
            std::fs::write(&made, bridge).expect("a note of what was made");
            docker(&["swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377"]);
        }
        Self { users, made }
    }
}

impl Drop for SwarmOfOne {
    fn drop(&mut self) {
        let _ = self.users.unlock();
        // Whoever gets it alone is the last.
        if self.users.try_lock().is_err() || !self.made.exists() {
            return;
        }
        let bridge = std::fs::read_to_string(&self.made).unwrap_or_default();
        docker(&["swarm", "leave", "--force"]);
        if !bridge.is_empty() {
            docker(&["network", "rm", &bridge]);
        }
        let _ = std::fs::remove_file(&self.made);
    }
}

fn docker(arguments: &[&str]) -> String {
    let done = Command::new("docker").args(arguments).output().expect("docker runs");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}
