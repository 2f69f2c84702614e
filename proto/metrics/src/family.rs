//! Families of one metric, told apart by labels. A family holds a bounded number of label sets: what comes beyond is
//! counted under `(other)`, so that no name that users choose can make a server's memory grow.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Label sets of one family.
const MOST: usize = 1024;
/// What stands in the place of each value beyond them.
const OTHER: &str = "(other)";

/// Names and values of labels.
pub type Labels = Vec<(&'static str, String)>;

fn own(labels: &[(&'static str, &str)]) -> Labels {
    labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// The label sets that were seen.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<HashSet<Labels>>>);

impl Seen {
    fn bounded(&self, labels: &[(&'static str, &str)]) -> Labels {
        let labels = own(labels);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(&labels) {
            if seen.len() >= MOST {
                return labels.into_iter().map(|(name, _)| (name, OTHER.to_owned())).collect();
            }
            seen.insert(labels.clone());
        }
        labels
    }

    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Counters.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    family: Family<Labels, Counter>,
    seen: Seen,
}

impl Counters {
    /// Registers counters; `_total` is put behind the name.
    pub fn register(registry: &mut Registry, name: &str, help: &str) -> Self {
        let counters = Self::default();
        registry.register(name, help, counters.family.clone());
        counters
    }

    /// Adds to the counter with these labels.
    pub fn add(&self, labels: &[(&'static str, &str)], count: u64) {
        self.family.get_or_create(&self.seen.bounded(labels)).inc_by(count);
    }
}

/// Gauges.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    family: Family<Labels, Gauge<f64, AtomicU64>>,
    seen: Seen,
}

impl Gauges {
    /// Registers gauges.
    pub fn register(registry: &mut Registry, name: &str, help: &str) -> Self {
        let gauges = Self::default();
        registry.register(name, help, gauges.family.clone());
        gauges
    }

    /// Sets the gauge with these labels.
    pub fn set(&self, labels: &[(&'static str, &str)], value: f64) {
        self.family.get_or_create(&self.seen.bounded(labels)).set(value);
    }

    /// Forgets all of them: what is not set anew is not there any more.
    pub fn clear(&self) {
        self.family.clear();
        self.seen.clear();
    }
}

/// Makes histograms with the given bounds.
#[derive(Debug, Clone, Copy)]
struct Bounds(&'static [f64]);

impl MetricConstructor<Histogram> for Bounds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// Histograms of durations, in seconds.
#[derive(Debug, Clone)]
pub struct Durations {
    family: Family<Labels, Histogram, Bounds>,
    seen: Seen,
}

impl Durations {
    /// From half a millisecond to ten seconds: answers and commits.
    pub const SHORT: &'static [f64] =
        &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
    /// From a tenth of a second to a day: builds and their waits.
    pub const LONG: &'static [f64] =
        &[0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 28_800.0, 86_400.0];

    /// Registers histograms with these upper bounds.
    pub fn register(registry: &mut Registry, name: &str, help: &str, bounds: &'static [f64]) -> Self {
        let durations = Self { family: Family::new_with_constructor(Bounds(bounds)), seen: Seen::default() };
        registry.register(name, help, durations.family.clone());
        durations
    }

    /// Adds a duration to the histogram with these labels.
    pub fn observe(&self, labels: &[(&'static str, &str)], duration: Duration) {
        self.family.get_or_create(&self.seen.bounded(labels)).observe(duration.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_beyond_the_limit_are_counted_together() {
        let mut registry = Registry::default();
        let counters = Counters::register(&mut registry, "x", "X");
        for number in 0..2000 {
            counters.add(&[("project", &format!("p{number}"))], 1);
        }
        let text = crate::text(&registry);
        assert_eq!(text.lines().filter(|line| line.starts_with("x_total")).count(), MOST + 1);
        assert!(text.contains("x_total{project=\"(other)\"} 976\n"), "{text}");
    }
}
