//! Keeps cloud metadata addresses, and with them the host's own credentials, out of our sandboxes' reach (reliability
//! S41). Invariant: only rules for our own bridges, with our comment, are added; nothing of anybody else is touched and
//! nothing is flushed. fd00:ec2::254 needs no rule, as our networks have no IPv6.
//!
//! What dials them is turned to a closed port of this host before it is routed. DOCKER-USER would be the engine's own
//! place for such rules, but each network that is made takes the jump to it away for a moment.
//!
//! To take the rules away: `iptables -t nat -S | grep buildyard`, and `iptables -t nat -D` for each.

use super::network::PREFIX;
use std::fs::File;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// EC2's and most other clouds' instance metadata, and the credentials of ECS tasks.
const ADDRESSES: [&str; 2] = ["169.254.169.254", "169.254.170.2"];
/// Looking and adding are two steps: agents of one host take turns by a lock on this file.
const TURN: &str = "/run/lock/buildyard-firewall.lock";
/// Firewalls are reloaded by others; how long a look at ours is good for.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// For one run of iptables.
const PATIENCE: Duration = Duration::from_secs(10);

/// The rules, and when they were last seen in place.
#[derive(Debug)]
pub(super) struct Firewall {
    /// Whether our bridges are on this host and can be told from others.
    can: bool,
    seen: Mutex<Option<(Instant, bool)>>,
}

impl Firewall {
    pub(super) fn new(can: bool) -> Self {
        Self { can, seen: Mutex::new(None) }
    }

    /// Puts the rules in place where they are not, and says whether they are. Never fails: what cannot be blocked is
    /// told by `Capabilities::blocks_metadata`.
    pub(super) async fn ensure(&self) -> bool {
        if !self.can {
            return false;
        }
        let mut seen = self.seen.lock().await;
        if let Some((at, blocks)) = *seen
            && at.elapsed() < GOOD_FOR
        {
            return blocks;
        }
        let blocks = match put_in_place().await {
            Ok(()) => true,
            Err(why) => {
                tracing::warn!(reason = why, "builds can reach cloud metadata addresses");
                false
            }
        };
        *seen = Some((Instant::now(), blocks));
        blocks
    }
}

async fn put_in_place() -> Result<(), String> {
    let _turn = take_turn().await?;
    for address in ADDRESSES {
        if iptables(&rule("-C", address)).await.is_err() {
            iptables(&rule("-I", address)).await?;
        }
    }
    Ok(())
}

async fn take_turn() -> Result<File, String> {
    let lock = || {
        let file = File::create(TURN)?;
        file.lock()?;
        Ok(file)
    };
    let taken = tokio::task::spawn_blocking(lock).await.map_err(|error| error.to_string())?;
    taken.map_err(|error: std::io::Error| format!("{TURN} cannot be locked: {error}"))
}

/// A port of this host on which nobody listens: connections turned to it are refused at once, so that SDKs go on.
const CLOSED_PORT: &str = "1";

/// The words for iptables to do `action` with an address's rule. It goes before ECS's own, which turns the address to a
/// process of the host. Metadata is given by HTTP only; Google answers DNS and NTP at the same address, which may go on.
fn rule(action: &str, address: &str) -> Vec<String> {
    let bridges = format!("{PREFIX}+");
    let place = ["-w", "5", "-t", "nat", action, "PREROUTING", "-i", &bridges];
    let comment = ["-m", "comment", "--comment", "buildyard: cloud metadata"];
    let dialled = ["-d", address, "-p", "tcp", "!", "--dport", "53"];
    let turned = ["-j", "REDIRECT", "--to-ports", CLOSED_PORT];
    [&place[..], &comment, &dialled, &turned].concat().into_iter().map(str::to_owned).collect()
}

async fn iptables(arguments: &[String]) -> Result<(), String> {
    let run = Command::new("iptables").args(arguments).env("LC_ALL", "C").kill_on_drop(true).output();
    match tokio::time::timeout(PATIENCE, run).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => Err(super::failure::one_line(&String::from_utf8_lossy(&output.stderr))),
        Ok(Err(error)) => Err(format!("iptables cannot be run: {error}")),
        Err(_) => Err(format!("iptables did not end within {PATIENCE:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_for_our_bridges_only_and_says_whose_it_is() {
        let rule = rule("-I", ADDRESSES[0]).join(" ");
        assert!(rule.contains("-i byd+ ") && rule.contains("--comment buildyard"), "{rule}");
    }

    #[tokio::test]
    async fn an_engine_elsewhere_blocks_nothing_and_says_so() {
        assert!(!Firewall::new(false).ensure().await);
    }
}
