//! Keeps cloud metadata addresses, and with them the host's own credentials, out of our sandboxes' reach (reliability
//! S41). Invariant: only rules for our own bridges, with our comment, are added; nothing of anybody else is touched and
//! nothing is flushed. fd00:ec2::254 needs no rule, as our networks have no IPv6.
//!
//! To take the rules away: `iptables -S | grep buildyard`, and `iptables -D` for each.

use super::network::PREFIX;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// EC2's and most other clouds' instance metadata, and the credentials of ECS tasks.
const ADDRESSES: [&str; 2] = ["169.254.169.254", "169.254.170.2"];
/// Firewalls are reloaded by others; how long a look at ours is good for.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// For one run of iptables.
const PATIENCE: Duration = Duration::from_secs(10);

/// The rules, and when they were last seen in place.
#[derive(Debug)]
pub(super) struct Firewall {
    /// The engine's chain for forwarded packets; absent when nothing can be done here.
    chain: Option<&'static str>,
    seen: Mutex<Option<(Instant, bool)>>,
}

impl Firewall {
    /// A firewall for an engine with this chain on this host.
    pub(super) fn new(chain: Option<&'static str>) -> Self {
        Self { chain, seen: Mutex::new(None) }
    }

    /// Puts the rules in place where they are not, and says whether they are. Never fails: what cannot be blocked is
    /// told by `Capabilities::blocks_metadata`.
    pub(super) async fn ensure(&self) -> bool {
        let Some(chain) = self.chain else { return false };
        let mut seen = self.seen.lock().await;
        if let Some((at, blocks)) = *seen
            && at.elapsed() < GOOD_FOR
        {
            return blocks;
        }
        let blocks = match put_in_place(chain).await {
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

async fn put_in_place(chain: &str) -> Result<(), String> {
    // ECS redirects its address to a process of the host, so packets for it come in by INPUT.
    for chain in [chain, "INPUT"] {
        for address in ADDRESSES {
            if iptables(&rule("-C", chain, address)).await.is_err() {
                iptables(&rule("-I", chain, address)).await?;
            }
        }
    }
    Ok(())
}

/// By the address that was dialled, whatever it was translated to. Rejecting rather than dropping lets SDKs go on at once.
fn rule(action: &str, chain: &str, address: &str) -> Vec<String> {
    let bridges = format!("{PREFIX}+");
    let words = [
        "-w",
        "5",
        action,
        chain,
        "-i",
        &bridges,
        "-m",
        "conntrack",
        "--ctorigdst",
        address,
        "-m",
        "comment",
        "--comment",
        "buildyard: cloud metadata",
        "-j",
        "REJECT",
    ];
    words.map(str::to_owned).into()
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
        let rule = rule("-I", "DOCKER-USER", "169.254.169.254").join(" ");
        assert!(rule.contains("-i byd+ ") && rule.contains("--comment buildyard"), "{rule}");
    }

    #[tokio::test]
    async fn an_engine_without_a_chain_for_others_blocks_nothing_and_says_so() {
        assert!(!Firewall::new(None).ensure().await);
    }
}
