//! How an agent's host does: measured by the agent, shown to people and to what scales the fleet.

use serde::{Deserialize, Serialize};

/// One look at a host. In a container, the container's own limits and use. What could not be measured is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Vitals {
    /// Of all CPUs together since the look before, 0 to 100.
    pub cpu_percent: u32,
    /// The load average of the last minute, in hundredths.
    pub load_hundredths: u32,
    pub memory_used_mib: u64,
    pub memory_total_mib: u64,
    /// Of the disk that holds the agent's data directory.
    pub disk_free_mib: u64,
    pub disk_total_mib: u64,
    /// Since the agent's process began, over all interfaces but the loopback.
    pub network_received_bytes: u64,
    pub network_sent_bytes: u64,
    /// Bytes a second since the look before.
    pub network_received_rate: u64,
    pub network_sent_rate: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitals_of_another_version_are_read_as_far_as_they_are_known() {
        let vitals: Vitals = serde_json::from_str(r#"{"cpuPercent": 12, "temperature": 40}"#).unwrap();
        assert_eq!(vitals, Vitals { cpu_percent: 12, ..Vitals::default() });
    }
}
