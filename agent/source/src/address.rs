//! Which network addresses a source may be fetched from, and what a host name stands for.
//!
//! A name is resolved here once and the connection pinned to the answer, so that a second answer cannot differ.
//! Private networks are allowed, as that is where a team's git server is. A cloud's metadata service is not.

use crate::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Amazon's metadata service by IPv6.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
/// Alibaba's, in a range that is otherwise for providers' own use.
const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);

/// Resolves a host and refuses it if any of its addresses is out of bounds.
///
/// # Errors
/// [`Error::NotAllowed`], or [`Error::Git`] when the name does not resolve.
pub(crate) async fn resolve(host: &str, port: u16, allow_loopback: bool) -> Result<Vec<IpAddr>, Error> {
    let addresses = tokio::net::lookup_host((host, port)).await.map_err(|error| Error::Git {
        text: format!("could not resolve host {host}: {error}"),
        next_step: "check the repository's URL and the agent's name resolution",
    })?;
    let mut found = Vec::new();
    for address in addresses.map(|address| address.ip()) {
        if let Some(reason) = problem(address, allow_loopback) {
            return Err(Error::NotAllowed(format!("{host} is {address}, {reason}")));
        }
        if !found.contains(&address) {
            found.push(address);
        }
    }
    Ok(found)
}

/// Why an address is out of bounds.
pub(crate) fn problem(address: IpAddr, allow_loopback: bool) -> Option<&'static str> {
    let address = address.to_canonical();
    let (link_local, metadata, other) = match address {
        IpAddr::V4(v4) => (v4.is_link_local(), v4 == METADATA_V4, v4.is_broadcast() || v4.octets()[0] == 0),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => return problem(IpAddr::V4(v4), allow_loopback),
            None => (v6.is_unicast_link_local(), v6 == METADATA_V6, false),
        },
    };
    if link_local || metadata {
        Some("where a cloud's metadata service is")
    } else if other || address.is_unspecified() || address.is_multicast() {
        Some("not the address of a single host")
    } else if address.is_loopback() && !allow_loopback {
        Some("the agent's own host: set allow_loopback if the repository is there")
    } else {
        None
    }
}

/// IPv4 addresses in the clothes of NAT64 and 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(bits(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_and_odd_addresses_are_refused_in_every_notation() {
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "fe80::1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
            "100.100.100.200",
        ] {
            assert!(problem(address.parse().unwrap(), true).is_some(), "{address}");
        }
    }

    #[test]
    fn private_networks_are_allowed_and_loopback_only_on_demand() {
        for address in ["10.1.2.3", "192.168.1.1", "140.82.112.3", "fd12::1", "2606:50c0::1"] {
            assert_eq!(problem(address.parse().unwrap(), false), None, "{address}");
        }
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(problem(address.parse().unwrap(), false).is_some(), "{address}");
            assert_eq!(problem(address.parse().unwrap(), true), None, "{address}");
        }
    }

    #[tokio::test]
    async fn numbers_that_are_really_addresses_are_seen_through() {
        for host in ["2130706433", "0x7f.1", "127.1", "localhost"] {
            let answer = resolve(host, 443, false).await;
            assert!(matches!(answer, Err(Error::NotAllowed(_) | Error::Git { .. })), "{host}");
        }
    }
}
