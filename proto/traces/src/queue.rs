//! What waits to be sent, and the task that sends it in batches. While the receiver is away, what waits is dropped.

use crate::otlp::Otlp;
use crate::{Counts, Span};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// Spans that wait; some kilobytes each at most.
pub(crate) const LONGEST: usize = 4096;
/// Spans that go at once, and how long the first one waits for the others.
const BATCH: usize = 512;
const GATHER: Duration = Duration::from_millis(500);
/// Between two lines of the log that say that spans are lost.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// What goes through the queue.
#[derive(Debug)]
pub(crate) enum Item {
    Span(Box<Span>),
    /// To be answered when everything before it is sent or lost.
    Flush(oneshot::Sender<()>),
}

/// Sends until nobody can send any more.
pub(crate) async fn run(mut items: mpsc::Receiver<Item>, otlp: Otlp, endpoint: String, counts: Counts) {
    let mut complaints = Complaints::new(endpoint, counts.clone());
    while let Some(first) = items.recv().await {
        let (batch, flushes) = gather(first, &mut items).await;
        let count = batch.len() as u64;
        if count > 0 {
            match otlp.send(batch).await {
                Ok(()) => {
                    counts.sent.inc_by(count);
                    complaints.hear(None);
                }
                Err(error) => {
                    counts.dropped.inc_by(count);
                    complaints.hear(Some(&error));
                }
            }
        }
        for flush in flushes {
            // Whoever asked may have gone.
            let _ = flush.send(());
        }
    }
}

async fn gather(first: Item, items: &mut mpsc::Receiver<Item>) -> (Vec<Span>, Vec<oneshot::Sender<()>>) {
    let (mut batch, mut flushes) = (Vec::new(), Vec::new());
    let until = Instant::now() + GATHER;
    let mut next = Some(first);
    while let Some(item) = next {
        match item {
            Item::Span(span) => batch.push(*span),
            Item::Flush(flush) => flushes.push(flush),
        }
        let full = batch.len() >= BATCH || !flushes.is_empty();
        next = if full { None } else { timeout_at(until, items.recv()).await.ok().flatten() };
    }
    (batch, flushes)
}

/// Says now and then that spans are lost, and that they are not lost any more.
#[derive(Debug)]
struct Complaints {
    endpoint: String,
    counts: Counts,
    /// What was lost when it was said last.
    told: u64,
    told_at: Option<Instant>,
}

impl Complaints {
    fn new(endpoint: String, counts: Counts) -> Self {
        Self { endpoint, told: counts.dropped.get(), counts, told_at: None }
    }

    fn hear(&mut self, error: Option<&str>) {
        let lost = self.counts.dropped.get() - self.told;
        if lost == 0 {
            if self.told_at.take().is_some() {
                tracing::info!(endpoint = self.endpoint, "traces are taken again");
            }
            return;
        }
        if self.told_at.is_some_and(|at| at.elapsed() < COMPLAIN_EVERY) {
            return;
        }
        let error = error.unwrap_or("more came than could be sent");
        tracing::warn!(endpoint = self.endpoint, lost, error, "spans of traces are lost; builds go on");
        (self.told, self.told_at) = (self.counts.dropped.get(), Some(Instant::now()));
    }
}
