//! How fast a session is read by how often its agent says that it lives: once a second, after a few more for the sake of
//! news. Whoever says it more often waits on its own side of the wire, with whatever it has to say besides; nothing that
//! was said is dropped, since a heartbeat may tell what no later one repeats.

use buildyard_proto::v1::{self, agent_message::Body};
use futures::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

/// Heartbeats are due every 5 s, and when an agent's health changes.
const EVERY: Duration = Duration::from_secs(1);
/// Heartbeats that may come at once.
const BURST: u32 = 16;

/// Messages of one agent, read no faster than it may say that it lives.
pub(crate) struct Paced<S> {
    messages: S,
    /// When all heartbeats so far would have come, had they come one [`EVERY`].
    due: Instant,
    /// Until then nothing is read.
    rest: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(crate) fn new(messages: S) -> Self {
        Self { messages, due: Instant::now(), rest: None }
    }
}

impl<S: Stream<Item = Result<v1::AgentMessage, Status>> + Unpin> Stream for Paced<S> {
    type Item = Result<v1::AgentMessage, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(rest) = &mut self.rest {
            ready!(rest.as_mut().poll(context));
            self.rest = None;
        }
        let message = ready!(Pin::new(&mut self.messages).poll_next(context));
        if let Some(Ok(v1::AgentMessage { body: Some(Body::Heartbeat(_)), .. })) = &message {
            let now = Instant::now();
            self.due = self.due.max(now) + EVERY;
            let early = self.due.duration_since(now).saturating_sub(EVERY * (BURST - 1));
            self.rest = (!early.is_zero()).then(|| Box::pin(sleep_until(now + early)));
        }
        Poll::Ready(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, StreamExt, stream};
    use std::sync::atomic::{AtomicU32, Ordering};

    fn heartbeat() -> v1::AgentMessage {
        v1::AgentMessage { number: 0, body: Some(Body::Heartbeat(v1::Heartbeat::default())) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_heartbeats_is_read_at_one_a_second_and_waits_unread() {
        let taken = AtomicU32::new(0);
        let flood = stream::repeat_with(|| {
            taken.fetch_add(1, Ordering::Relaxed);
            Ok(heartbeat())
        });
        let mut paced = Paced::new(flood);
        while paced.next().now_or_never().is_some() {}
        assert_eq!(taken.load(Ordering::Relaxed), BURST, "these may come at once");
        let began = Instant::now();
        for _ in 0..100 {
            paced.next().await;
        }
        assert_eq!(began.elapsed().as_secs(), 100);
        assert_eq!(taken.load(Ordering::Relaxed), BURST + 100, "the others were not even taken off the wire");
        // Who has been quiet may speak again.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let several = std::iter::from_fn(|| paced.next().now_or_never()).count();
        assert_eq!(several, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn other_messages_and_honest_heartbeats_are_read_as_they_come() {
        let other = v1::AgentMessage { number: 1, body: Some(Body::Draining(v1::Draining {})) };
        let mut messages = Paced::new(stream::iter(vec![Ok(other); 1000]));
        assert_eq!(std::iter::from_fn(|| messages.next().now_or_never().flatten()).count(), 1000);
        let mut honest = Paced::new(stream::repeat_with(|| Ok(heartbeat())));
        for _ in 0..100 {
            assert!(honest.next().now_or_never().is_some());
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }
}
