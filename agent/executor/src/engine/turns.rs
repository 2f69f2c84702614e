//! Lets callers take turns on one sandbox, while those of different sandboxes go on side by side.

use crate::sandbox::SandboxId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// One turn per sandbox that somebody is busy with.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<SandboxId, Weak<Turn<()>>>>);

impl Turns {
    /// Waits for this sandbox's turn and holds it until the guard is dropped.
    pub(super) async fn take(&self, id: &SandboxId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let turn = turns.get(id).and_then(Weak::upgrade).unwrap_or_default();
            turns.insert(id.clone(), Arc::downgrade(&turn));
            turn
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn a_turn_is_per_sandbox_and_ends_with_its_guard() {
        let (turns, a, b) = (Turns::default(), SandboxId("a".into()), SandboxId("b".into()));
        let held = turns.take(&a).await;
        assert!(turns.take(&a).now_or_never().is_none());
        assert!(turns.take(&b).now_or_never().is_some());
        drop(held);
        assert!(turns.take(&a).now_or_never().is_some());
    }
}
