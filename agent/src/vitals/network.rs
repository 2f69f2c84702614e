//! Bytes that go over the host's own network interfaces. Pure.

use std::time::Duration;

/// Interfaces that carry again what another one carries, or never leave the host.
const INNER: [&str; 8] = ["veth", "docker", "br-", "virbr", "cni", "flannel", "podman", "tunl"];

/// What was carried since the agent began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Traffic {
    pub(super) received_bytes: u64,
    pub(super) sent_bytes: u64,
}

impl Traffic {
    /// Adds what each interface carried in the time `passed`; gives bytes a second, received and sent.
    pub(super) fn add<'a>(
        &mut self,
        interfaces: impl Iterator<Item = (&'a str, u64, u64)>,
        passed: Duration,
    ) -> (u64, u64) {
        let outer = interfaces.filter(|(name, ..)| *name != "lo" && !INNER.iter().any(|inner| name.starts_with(inner)));
        let (received, sent) = outer.fold((0_u64, 0_u64), |(received, sent), (_, more_received, more_sent)| {
            (received.saturating_add(more_received), sent.saturating_add(more_sent))
        });
        self.received_bytes = self.received_bytes.saturating_add(received);
        self.sent_bytes = self.sent_bytes.saturating_add(sent);
        let milliseconds = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = |bytes: u64| bytes.saturating_mul(1000) / milliseconds;
        (rate(received), rate(sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_sends_is_counted_once() {
        let mut traffic = Traffic::default();
        let seen = [("lo", 9, 9), ("eth0", 1000, 500), ("veth12ab", 1000, 500), ("docker0", 1000, 500)];
        assert_eq!(traffic.add(seen.into_iter(), Duration::from_secs(2)), (500, 250));
        traffic.add([("wlan0", 1, 1)].into_iter(), Duration::ZERO);
        assert_eq!(traffic, Traffic { received_bytes: 1001, sent_bytes: 501 });
    }
}
