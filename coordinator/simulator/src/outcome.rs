//! What a policy did over a trace.

use serde::Serialize;

/// How long builds waited for an agent, in milliseconds: nearest-rank percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Waits {
    pub p50_ms: u64,
    pub p95_ms: u64,
    pub p99_ms: u64,
    pub max_ms: u64,
}

/// The fleet at one moment, until the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub at_ms: i64,
    pub waiting: u32,
    pub running: u32,
    /// Asked for, starting or running.
    pub instances: u32,
}

/// A policy's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    pub policy: String,
    pub builds: usize,
    pub wait: Waits,
    /// From the request for an instance to its end, summed.
    pub instance_hours: f64,
    pub peak_instances: u32,
    pub launches: u32,
    /// Builds that had not ended when the simulation did, because the fleet brought no agent up for them.
    pub unfinished: usize,
    #[serde(skip)]
    pub moments: Vec<Moment>,
}

impl Outcome {
    /// At so much per instance and hour.
    pub fn cost(&self, price: f64) -> f64 {
        self.instance_hours * price
    }
}

impl Waits {
    pub(crate) fn of(mut waits_ms: Vec<u64>) -> Self {
        waits_ms.sort_unstable();
        let rank = |percent: usize| {
            let at = (waits_ms.len() * percent).div_ceil(100).saturating_sub(1);
            waits_ms.get(at).copied().unwrap_or(0)
        };
        Self { p50_ms: rank(50), p95_ms: rank(95), p99_ms: rank(99), max_ms: rank(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_waits_that_were() {
        let waits = Waits::of((1..=200).rev().collect());
        assert_eq!(waits, Waits { p50_ms: 100, p95_ms: 190, p99_ms: 198, max_ms: 200 });
        assert_eq!(Waits::of(vec![]), Waits::default());
        assert_eq!(Waits::of(vec![7]).p50_ms, 7);
    }
}
