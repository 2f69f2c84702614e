//! Who holds an access key, for every signed request: from memory, and from the store only once in a while.
//!
//! Invariant: what was read before a change of this process is not given out after it. Changes of another process are
//! seen after [`REMEMBERED`]. Policies that cannot be found or read allow nothing.

use super::record::{KeyRecord, PolicyRecord, UserRecord, arn};
use crate::{Error, Kind, Service};
use async_trait::async_trait;
use buildyard_access::policy::{Policy, managed};
use buildyard_access::{Grants, KeyHolder, Principal};
use buildyard_blobs::Credentials;
use buildyard_model::Secret;
use buildyard_store::DocumentKind;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long the holder of a key is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(5);
/// Most keys that are remembered, unknown ones among them.
const MOST: usize = 4096;

/// Holders of keys as they were read last; `None` for keys that nobody has or that are inactive.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// One more with each change.
    generation: u64,
    holders: HashMap<String, (Instant, Option<KeyHolder>)>,
}

impl Remembered {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered of a key, or the generation to read it in.
    fn recall(&self, access_key_id: &str) -> Result<Option<KeyHolder>, u64> {
        let memory = self.memory();
        match memory.holders.get(access_key_id) {
            Some((read_at, holder)) if read_at.elapsed() < REMEMBERED => Ok(holder.clone()),
            _ => Err(memory.generation),
        }
    }

    /// Remembers what was read, unless something was changed meanwhile.
    fn keep(&self, generation: u64, access_key_id: &str, holder: Option<KeyHolder>) {
        let mut memory = self.memory();
        if memory.generation != generation {
            return;
        }
        if memory.holders.len() >= MOST {
            // Whoever tries keys at random pushes out their own kind first.
            memory.holders.retain(|_, (read_at, holder)| holder.is_some() && read_at.elapsed() < REMEMBERED);
        }
        if memory.holders.len() >= MOST {
            memory.holders.clear();
        }
        memory.holders.insert(access_key_id.to_owned(), (Instant::now(), holder));
    }

    /// Forgets everything.
    pub(super) fn forget(&self) {
        let mut memory = self.memory();
        memory.generation += 1;
        memory.holders.clear();
    }
}

impl Service {
    /// Says which key is the account's owner's. It is always there, whatever the store holds; said once, at the start.
    pub fn hold_root_key(&self, access_key_id: &str, secret: Secret) {
        let principal = Arc::new(Principal::root(&self.settings().account));
        let holder = KeyHolder { secret, principal };
        if self.inner.users.root.set((access_key_id.to_owned(), holder)).is_err() {
            tracing::warn!("the root key was given twice; the first one counts");
        }
    }

    /// Who holds an access key; nobody when it is unknown or inactive.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn key_holder(&self, access_key_id: &str) -> Result<Option<KeyHolder>, Error> {
        if let Some((root, holder)) = self.inner.users.root.get()
            && root == access_key_id
        {
            return Ok(Some(holder.clone()));
        }
        if !super::keys::is_key_id(access_key_id) {
            return Ok(None);
        }
        let remembered = &self.inner.users.remembered;
        let generation = match remembered.recall(access_key_id) {
            Ok(holder) => return Ok(holder),
            Err(generation) => generation,
        };
        let holder = self.read_holder(access_key_id).await?;
        remembered.keep(generation, access_key_id, holder.clone());
        Ok(holder)
    }

    async fn read_holder(&self, access_key_id: &str) -> Result<Option<KeyHolder>, Error> {
        let Some(key) = self.stored::<KeyRecord>(DocumentKind::AccessKey, access_key_id).await? else {
            return Ok(None);
        };
        let key = key.record;
        let user = self.stored::<UserRecord>(DocumentKind::User, &key.user).await?;
        let Some(user) = user.filter(|_| key.active) else { return Ok(None) };
        let secret = self.unseal_key(access_key_id, &key)?;
        let account = &self.settings().account;
        let principal = Principal {
            account: account.clone(),
            arn: arn(account, &key.user),
            user_id: user.record.user_id.clone(),
            grants: Grants::Policies(self.policies_of(&key.user, &user.record.attached, &user.record.inline).await?),
            user: key.user,
        };
        Ok(Some(KeyHolder { secret, principal: Arc::new(principal) }))
    }

    /// The user's policies, or none at all where one is missing: it may have been the one that denies.
    pub(super) async fn policies_of(
        &self,
        name: &str,
        attached: &[String],
        inline: &BTreeMap<String, String>,
    ) -> Result<Arc<[Policy]>, Error> {
        let mut policies = Vec::new();
        for policy in attached {
            let document = match managed::document(policy) {
                Some(document) => Some(document.to_owned()),
                None => {
                    let stored = self.stored::<PolicyRecord>(DocumentKind::Policy, policy).await?;
                    stored.map(|stored| stored.record.document)
                }
            };
            policies.push((policy, document));
        }
        policies.extend(inline.iter().map(|(policy, document)| (policy, Some(document.clone()))));
        let mut read = Vec::with_capacity(policies.len());
        for (policy, document) in policies {
            let problem = match document.map(|document| Policy::parse(policy, &document)) {
                Some(Ok(policy)) => {
                    read.push(policy);
                    continue;
                }
                Some(Err(error)) => error.to_string(),
                None => "it does not exist".to_owned(),
            };
            tracing::error!(user = name, policy, problem, "a policy cannot be read, so its user may do nothing");
            return Ok(Arc::default());
        }
        Ok(read.into())
    }
}

#[async_trait]
impl Credentials for Service {
    async fn holder(&self, access_key_id: &str) -> Result<Option<KeyHolder>, buildyard_blobs::Error> {
        self.key_holder(access_key_id).await.map_err(|error| match error.kind {
            Kind::Unavailable => buildyard_blobs::Error::Unavailable(error.message),
            _ => buildyard_blobs::Error::Refused(error.message),
        })
    }

    fn used(&self, access_key_id: &str) {
        self.key_used(access_key_id);
    }
}
