//! Networks in CIDR form. An IPv4 address that comes as `::ffff:a.b.c.d` is an IPv4 address.

use std::net::IpAddr;

/// An address and how many leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `address` or `address/prefix`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok()?
            }
            Some(_) => return None,
            None => most,
        };
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// Whether an address lies in it.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn an_address_lies_in_its_network_only() {
        let lies = |network: &str, address: &str| Network::parse(network).unwrap().contains(address.parse().unwrap());
        assert!(lies("10.0.0.0/8", "10.255.0.1") && lies("10.1.2.3", "10.1.2.3") && lies("0.0.0.0/0", "1.2.3.4"));
        assert!(lies("10.0.0.0/8", "::ffff:10.1.1.1") && lies("2001:db8::/32", "2001:db8::1") && lies("::/0", "::1"));
        assert!(!lies("10.0.0.0/8", "11.0.0.1") && !lies("::/0", "1.2.3.4") && !lies("0.0.0.0/0", "::1"));
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "::/129", "*"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
