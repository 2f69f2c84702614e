//! A sandbox's own network: a bridge that nobody else is on. Invariant: its bridge's name begins with `PREFIX`, where the
//! engine lets us name bridges, so that firewall rules can mean our sandboxes and nothing else.

use super::failure::Failure;
use super::link::Link;
use crate::sandbox::ExecutorError;
use bollard::models::NetworkCreateRequest;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// Bridges' names: this and 12 hex digits, which is all the 15 bytes that Linux gives an interface's name.
pub(super) const PREFIX: &str = "byd";

/// Makes the network. One that is there already with the same labels is ours, from a call that was repeated.
pub(super) async fn create(link: &Link, name: &str, labels: &BTreeMap<String, String>) -> Result<(), ExecutorError> {
    let request = NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        // Without IPv6 the metadata service's IPv6 address has no route.
        enable_ipv6: Some(false),
        options: Some(options(link, name)),
        labels: Some(labels.clone().into_iter().collect()),
        ..Default::default()
    };
    let doing = format!("creating network {name}");
    match link.change(&doing, link.docker.create_network(request)).await {
        Ok(_) => Ok(()),
        Err(Failure::Conflict(text)) if is_ours(link, name, labels).await? => {
            tracing::debug!(network = name, reason = text, "network is there already");
            Ok(())
        }
        Err(failure) => Err(explain(failure)),
    }
}

fn options(link: &Link, name: &str) -> HashMap<String, String> {
    let bridge = link.quirks.bridge_name_option.map(|option| (option, bridge_name(name)));
    let fixed = link.quirks.network_options.iter().map(|(option, value)| (*option, (*value).to_owned()));
    fixed.chain(bridge).map(|(option, value)| (option.to_owned(), value)).collect()
}

/// A short name that a long one always gives again (FNV-1a, 48 bits of it).
fn bridge_name(name: &str) -> String {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{PREFIX}{:012x}", hash >> 16)
}

async fn is_ours(link: &Link, name: &str, labels: &BTreeMap<String, String>) -> Result<bool, ExecutorError> {
    match link.query(&format!("inspecting network {name}"), link.docker.inspect_network(name, None)).await {
        Ok(network) => {
            let found = network.labels.unwrap_or_default();
            Ok(labels.iter().all(|(key, value)| found.get(key) == Some(value)))
        }
        Err(Failure::Absent(_)) => Ok(false),
        Err(failure) => Err(failure.into()),
    }
}

/// The one failure that people meet: Docker has about 30 networks to give, unless told otherwise.
fn explain(failure: Failure) -> ExecutorError {
    let text = failure.message();
    let exhausted = ["non-overlapping", "address pool", "subnet"].iter().any(|sign| text.contains(sign));
    if !exhausted {
        return failure.into();
    }
    ExecutorError::Failed(format!(
        "{text}: the engine has no free subnet for another sandbox; remove unused networks (`docker network prune`), let \
         fewer builds run at once, or give the engine more in daemon.json: \"default-address-pools\": [{{\"base\": \
         \"10.200.0.0/16\", \"size\": 24}}]"
    ))
}

/// Removes the network. Gone is success; while its container is still being taken off it, it is tried again.
pub(super) async fn remove(link: &Link, name: &str) -> Result<(), ExecutorError> {
    let until = Instant::now() + link.deadlines.change;
    let mut pause = Duration::from_millis(20);
    loop {
        let removed = link.change(&format!("removing network {name}"), link.docker.remove_network(name)).await;
        match removed {
            Ok(()) | Err(Failure::Absent(_)) => return Ok(()),
            Err(Failure::Conflict(_) | Failure::Broken(_)) if Instant::now() + pause < until => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
            Err(failure) => return Err(ExecutorError::Failed(failure.message().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alike_in_their_first_letters_give_different_bridges() {
        let long = "0190b3c4-0000-7000-8000-0123456789ab".repeat(3);
        let (a, b) = (bridge_name(&format!("{long}.1")), bridge_name(&format!("{long}.2")));
        assert_ne!(a, b);
        assert_eq!((a.len(), a.starts_with(PREFIX)), (15, true));
    }

    #[test]
    fn exhausted_address_pools_say_what_to_do() {
        let text =
            "creating network x: could not find an available, non-overlapping IPv4 address pool among the defaults";
        let ExecutorError::Failed(message) = explain(Failure::Broken(text.into())) else { panic!("not a failure") };
        assert!(message.contains("default-address-pools"), "{message}");
    }
}
