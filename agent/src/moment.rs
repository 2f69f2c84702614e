//! A point in time that survives a restart of the agent and no change of the wall clock: time since the host's boot,
//! and which boot that was.

use buildyard_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When something began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    /// For people.
    pub wall: Timestamp,
    boot: String,
    since_boot_ms: u64,
}

impl Moment {
    /// The present one.
    pub(crate) fn now(wall: Timestamp) -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let uptime = read("/proc/uptime");
        let seconds: f64 = uptime.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or_default();
        let since_boot_ms = u64::try_from(Duration::from_secs_f64(seconds.max(0.0)).as_millis()).unwrap_or(u64::MAX);
        Self { wall, boot: read("/proc/sys/kernel/random/boot_id").trim().to_owned(), since_boot_ms }
    }

    /// How long after `earlier` this is; `None` when the host was started again in between.
    pub(crate) fn since(&self, earlier: &Self) -> Option<Duration> {
        (self.boot == earlier.boot)
            .then(|| Duration::from_millis(self.since_boot_ms.saturating_sub(earlier.since_boot_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_ignore_the_wall_clock_and_end_with_the_boot() {
        let at = |wall, boot: &str, since_boot_ms| Moment { wall: Timestamp(wall), boot: boot.into(), since_boot_ms };
        let earlier = at(1_000_000, "a", 500);
        assert_eq!(at(0, "a", 2500).since(&earlier), Some(Duration::from_secs(2)));
        assert_eq!(at(0, "b", 10).since(&earlier), None);
        let now = Moment::now(Timestamp(0));
        assert!(now.since_boot_ms > 0 && now.boot.len() == 36);
    }
}
