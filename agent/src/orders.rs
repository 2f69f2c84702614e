//! What a running build is told from outside. Orders only grow: a build that was told to end is never told to go on.

use crate::folder::Ending;
use std::time::Duration;
use tokio::sync::watch;

/// All that was ordered so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ordered {
    ending: Option<Ending>,
    revoked: Option<String>,
    settled: bool,
}

/// Gives orders to one build.
#[derive(Debug)]
pub(crate) struct Desk(watch::Sender<Ordered>);

/// Hears them. Clones hear the same.
#[derive(Debug, Clone)]
pub(crate) struct Orders(watch::Receiver<Ordered>);

/// Why a build does not go on by order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// It ends, and its end is reported.
    End(Ending),
    /// Its lease is over: it is killed and nothing is reported.
    Revoked(String),
}

/// The two ends.
pub(crate) fn channel() -> (Desk, Orders) {
    let (sender, receiver) = watch::channel(Ordered::default());
    (Desk(sender), Orders(receiver))
}

impl Desk {
    pub(crate) fn stop(&self, grace: Duration) {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        self.end(Ending::Stopped { grace_ms });
    }

    pub(crate) fn give_up(&self, reason: String) {
        self.end(Ending::GaveUp { reason });
    }

    pub(crate) fn revoke(&self, reason: String) {
        self.0.send_modify(|ordered| {
            ordered.revoked.get_or_insert(reason);
        });
    }

    /// The result was acted on.
    pub(crate) fn settle(&self) {
        self.0.send_modify(|ordered| ordered.settled = true);
    }

    /// The first ending counts.
    fn end(&self, ending: Ending) {
        self.0.send_modify(|ordered| {
            ordered.ending.get_or_insert(ending);
        });
    }
}

impl Orders {
    /// Waits until the build is to end.
    pub(crate) async fn told(&mut self) -> Told {
        self.wait(|ordered| match ordered {
            Ordered { revoked: Some(reason), .. } => Some(Told::Revoked(reason.clone())),
            Ordered { ending: Some(ending), .. } => Some(Told::End(ending.clone())),
            _ => None,
        })
        .await
    }

    /// Waits until the lease is over for everybody else.
    pub(crate) async fn revoked(&mut self) -> String {
        self.wait(|ordered| ordered.revoked.clone()).await
    }

    /// Waits until nothing about the lease is of interest to the coordinator any more.
    pub(crate) async fn closed(&mut self) {
        self.wait(|ordered| (ordered.settled || ordered.revoked.is_some()).then_some(())).await;
    }

    async fn wait<T>(&mut self, find: impl Fn(&Ordered) -> Option<T>) -> T {
        loop {
            if let Some(found) = find(&self.0.borrow_and_update()) {
                return found;
            }
            if self.0.changed().await.is_err() {
                // The desk is gone: nothing is ever ordered again.
                return std::future::pending().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_ending_counts_and_a_revocation_beats_it() {
        let (desk, mut orders) = channel();
        desk.stop(Duration::from_millis(5));
        desk.give_up("later".into());
        assert_eq!(orders.told().await, Told::End(Ending::Stopped { grace_ms: 5 }));
        desk.revoke("lost".into());
        assert_eq!(orders.told().await, Told::Revoked("lost".into()));
        orders.closed().await;
    }
}
