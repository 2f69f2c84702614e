//! Ends instances beside the rounds: an agent may take its time to go, and a place may not answer, while builds wait for
//! new instances.
//!
//! Invariant: no instance is told to end while an earlier call about it is under way, and few calls are at once.

use buildyard_model::{FleetName, InstanceId};
use buildyard_provision::{Error as PlaceError, Provisioner};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

/// What a provisioner gets to end an instance.
const CALL: Duration = Duration::from_secs(60);
/// Calls at once.
const AT_ONCE: usize = 16;

/// One fleet's calls. They end with it.
#[derive(Debug)]
pub(super) struct Endings {
    calls: JoinSet<Result<(), PlaceError>>,
    under_way: HashMap<InstanceId, AbortHandle>,
    room: Arc<Semaphore>,
}

impl Default for Endings {
    fn default() -> Self {
        Self { calls: JoinSet::new(), under_way: HashMap::new(), room: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Endings {
    /// Tells the instance to end, unless that is being done.
    pub(super) fn begin(&mut self, fleet: &FleetName, instance: &InstanceId, provisioner: &Arc<dyn Provisioner>) {
        self.under_way.retain(|_, call| !call.is_finished());
        if self.under_way.contains_key(instance) {
            return;
        }
        let (fleet, id, provisioner, room) = (fleet.clone(), instance.clone(), provisioner.clone(), self.room.clone());
        let call = self.calls.spawn(async move {
            // Nobody closes it.
            let _room = room.acquire().await;
            let ended = end(&id, &*provisioner).await;
            if let Err(error) = &ended {
                tracing::warn!(%fleet, instance = %id, %error, "an instance could not be ended");
            }
            ended
        });
        self.under_way.insert(instance.clone(), call);
    }

    /// What went wrong last with those that are over since this was asked before.
    pub(super) fn ended(&mut self) -> Option<PlaceError> {
        let mut trouble = None;
        while let Some(ended) = self.calls.try_join_next() {
            let ended = ended.unwrap_or_else(|error| Err(PlaceError::Unavailable(error.to_string())));
            trouble = ended.err().or(trouble);
        }
        trouble
    }
}

async fn end(instance: &InstanceId, provisioner: &dyn Provisioner) -> Result<(), PlaceError> {
    tracing::info!(%instance, "an instance is ended");
    let late = |_| PlaceError::Unavailable(format!("did not end {instance} within {} s", CALL.as_secs()));
    timeout(CALL, provisioner.terminate(instance)).await.map_err(late)?
}
