//! What programs hold to tell of spans: nothing, or the way to a receiver.

use crate::otlp::Otlp;
use crate::queue::{self, Item};
use crate::{Span, TraceId, TracingConfig, sample};
use buildyard_config::ConfigError;
use buildyard_metrics::{Counter, Registry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// What a program that ends gives what it told last.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Who tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `service.name`
    pub name: &'static str,
    pub version: &'static str,
    /// `service.instance.id`: which of several it is.
    pub instance: Option<String>,
}

/// What became of spans.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub sent: Counter,
    pub dropped: Counter,
}

impl Counts {
    /// Puts the counters among a program's metrics.
    pub fn register(registry: &mut Registry) -> Self {
        let counts = Self::default();
        registry.register("trace_spans_sent", "Spans of traces that the receiver took", counts.sent.clone());
        registry.register("trace_spans_dropped", "Spans of traces that could not be sent", counts.dropped.clone());
        counts
    }
}

/// Tells of spans. Cheap to clone; the default tells nobody.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Arc<Way>>);

#[derive(Debug)]
struct Way {
    items: mpsc::Sender<Item>,
    sample: f64,
    counts: Counts,
}

impl Traces {
    /// To the receiver that the config names, if it names one. Within a runtime.
    ///
    /// # Errors
    /// When it cannot be dialled as it is written. That nobody answers there is none.
    pub fn start(config: &TracingConfig, program: &Program, counts: Counts) -> Result<Self, ConfigError> {
        let Some(endpoint) = &config.otlp else { return Ok(Self::default()) };
        let otlp = Otlp::new(endpoint, config, program)?;
        let (items, waiting) = mpsc::channel(queue::LONGEST);
        tokio::spawn(queue::run(waiting, otlp, endpoint.clone(), counts.clone()));
        Ok(Self(Some(Arc::new(Way { items, sample: config.sample, counts }))))
    }

    /// Tells of the spans of a trace, if it is one of those that are sent; only then they are made. Never waits.
    pub fn tell<I: IntoIterator<Item = Span>>(&self, trace: TraceId, spans: impl FnOnce() -> I) {
        if self.0.as_ref().is_some_and(|way| sample::is_sampled(trace, way.sample)) {
            self.tell_all(spans());
        }
    }

    /// Tells of spans whose caller decided that they are sent.
    pub fn tell_all(&self, spans: impl IntoIterator<Item = Span>) {
        let Some(way) = &self.0 else { return };
        for span in spans {
            if way.items.try_send(Item::Span(Box::new(span))).is_err() {
                way.counts.dropped.inc();
            }
        }
    }

    /// Whether there is anybody to tell.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Waits until what was told is sent or lost, for a short time at most.
    pub async fn flush(&self) {
        let Some(way) = &self.0 else { return };
        let (done, sent) = oneshot::channel();
        let flushing = async {
            if way.items.send(Item::Flush(done)).await.is_ok() {
                // The task answers, or is gone.
                let _ = sent.await;
            }
        };
        if timeout(LAST_WORDS, flushing).await.is_err() {
            tracing::warn!("the last spans of traces were not taken in time; they are lost");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SpanId;
    use buildyard_model::Timestamp;
    use std::net::TcpListener;

    const PROGRAM: Program = Program { name: "test", version: "1", instance: None };
    const TRACE: TraceId = TraceId([7; 16]);

    fn span() -> Span {
        Span::new(TRACE, (SpanId([1; 8]), None), "build", (Timestamp(1), Timestamp(2)))
    }

    /// Where nobody listens.
    fn nowhere() -> TracingConfig {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        TracingConfig { otlp: Some(format!("http://{address}")), ..TracingConfig::default() }
    }

    #[tokio::test]
    async fn what_nobody_takes_and_what_does_not_fit_is_lost_and_counted() {
        let counts = Counts::default();
        let traces = Traces::start(&nowhere(), &PROGRAM, counts.clone()).unwrap();
        // Nothing is sent before this task waits.
        traces.tell_all((0..queue::LONGEST + 10).map(|_| span()));
        assert_eq!(counts.dropped.get(), 10);
        traces.flush().await;
        assert!(counts.dropped.get() > 10, "{}", counts.dropped.get());
        assert_eq!(counts.sent.get(), 0);
    }

    #[tokio::test]
    async fn nothing_is_made_for_nobody_and_for_what_is_not_sampled() {
        let unmade = || -> [Span; 1] { panic!("it is made") };
        Traces::default().tell(TRACE, unmade);
        Traces::default().flush().await;
        let none = TracingConfig { sample: 0.0, ..nowhere() };
        Traces::start(&none, &PROGRAM, Counts::default()).unwrap().tell(TRACE, unmade);
    }

    #[tokio::test]
    async fn an_encrypted_receiver_can_be_named() {
        let config = TracingConfig { otlp: Some("https://localhost:4317".into()), ..TracingConfig::default() };
        assert!(Traces::start(&config, &PROGRAM, Counts::default()).unwrap().is_on());
    }
}
