//! When keys were used last: kept in memory, and written down once in a while, best effort. No request waits for it.

use super::record::{KeyRecord, change};
use crate::{Error, Service};
use buildyard_model::Timestamp;
use buildyard_store::{DocumentKind, Expected};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much later a use must be than the one written down last to be written too.
const WRITTEN_EVERY: Duration = Duration::from_secs(15 * 60);

/// Uses of keys that exist, so they are few.
#[derive(Debug, Default)]
pub(super) struct Usage(Mutex<HashMap<String, Used>>);

#[derive(Debug, Clone, Copy)]
struct Used {
    last: Timestamp,
    written: Timestamp,
}

impl Usage {
    fn uses(&self) -> MutexGuard<'_, HashMap<String, Used>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a use and says whether it is time to write it down.
    fn note(&self, access_key_id: &str, now: Timestamp) -> bool {
        let mut uses = self.uses();
        match uses.get_mut(access_key_id) {
            Some(used) => {
                used.last = now;
                let due = now.since(used.written) >= WRITTEN_EVERY;
                if due {
                    used.written = now;
                }
                due
            }
            None => {
                uses.insert(access_key_id.to_owned(), Used { last: now, written: now });
                true
            }
        }
    }

    /// The last use that is known.
    pub(super) fn last(&self, access_key_id: &str) -> Option<Timestamp> {
        self.uses().get(access_key_id).map(|used| used.last)
    }

    /// Forgets a key that is gone.
    pub(super) fn forget(&self, access_key_id: &str) {
        self.uses().remove(access_key_id);
    }
}

impl Service {
    /// A request signed with this key was verified.
    pub fn key_used(&self, access_key_id: &str) {
        let users = &self.inner.users;
        let is_root = users.root.get().is_some_and(|(root, _)| root == access_key_id);
        if is_root || !users.usage.note(access_key_id, self.now()) {
            return;
        }
        let (service, key) = (self.clone(), access_key_id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = service.write_use(&key).await {
                tracing::debug!(%error, "the use of an access key was not written down");
            }
        });
    }

    async fn write_use(&self, access_key_id: &str) -> Result<(), Error> {
        let _alone = self.inner.users.changing.lock().await;
        let Some(key) = self.stored::<KeyRecord>(DocumentKind::AccessKey, access_key_id).await? else { return Ok(()) };
        let used = KeyRecord { last_used_at: self.inner.users.usage.last(access_key_id), ..key.record };
        let change = change(DocumentKind::AccessKey, access_key_id, Expected::Version(key.version), Some(&used))?;
        // Nothing that a request depends on is changed.
        Ok(self.store().change(&[change]).await?)
    }
}
