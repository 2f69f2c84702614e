//! Notices a transfer that stands still, however long one that moves may take.

use super::{Error, ObjectName};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Longest silence: storage takes its time to answer after the last byte of a part, but not this long.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(90);

/// Told whenever bytes move.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse(Arc<Notify>);

impl Pulse {
    pub(super) fn beat(&self) {
        self.0.notify_one();
    }

    /// Runs a request until it ends or nothing has moved for too long.
    pub(super) async fn watch<T>(
        &self,
        object: &ObjectName,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let silence = async { while tokio::time::timeout(LONGEST_SILENCE, self.0.notified()).await.is_ok() {} };
        tokio::select! {
            answer = request => answer,
            () = silence => Err(Error::Unavailable {
                object: object.clone(),
                reason: format!("no byte moved for {} s", LONGEST_SILENCE.as_secs()),
                retry_after: None,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> ObjectName {
        ObjectName { bucket: "b".into(), key: "k".into() }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_request_and_movement_does_not() {
        let silent = Pulse::default().watch(&object(), std::future::pending::<Result<(), Error>>()).await;
        assert!(silent.unwrap_err().is_temporary());

        let pulse = Pulse::default();
        let slow = async {
            for _ in 0..10 {
                tokio::time::sleep(LONGEST_SILENCE / 2).await;
                pulse.beat();
            }
            Ok(())
        };
        assert!(pulse.watch(&object(), slow).await.is_ok());
    }
}
