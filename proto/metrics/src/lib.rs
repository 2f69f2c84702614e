//! What the metrics of every program have in common: families of counters, gauges and histograms whose labels are few,
//! and the page on which a Prometheus server reads them. What is measured is each program's own.

mod family;
mod page;

pub use family::{Counters, Durations, Gauges, Labels};
pub use page::{serve, text};
pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::metrics::histogram::Histogram;
pub use prometheus_client::registry::Registry;
