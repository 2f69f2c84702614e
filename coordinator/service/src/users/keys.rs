//! Access keys: made, switched off and on, deleted. A secret is given once; what is stored of it is sealed.

use super::record::{KeyRecord, UserRecord, change};
use crate::{Error, Kind, Service};
use buildyard_model::{KeyView, Secret};
use buildyard_store::{DocumentKind, Expected};
use rand::Rng;

/// Most access keys of a user (IAM: 2).
const KEYS_MAX: usize = 2;
/// The beginning of the ids of access keys (IAM identifiers).
const KEY_PREFIX: &str = "AKIA";
const ID_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// 80 random bits.
const ID_RANDOM: usize = 16;
const SECRET_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// 238 random bits.
const SECRET_LENGTH: usize = 40;

/// A key that was just made.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub key: KeyView,
    /// Cannot be had again.
    pub secret: Secret,
}

fn random(letters: &[u8], length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(letters[random.random_range(0..letters.len())])).collect()
}

/// A new id: four letters for its kind, then 16 at random.
pub(super) fn new_id(kind: &str) -> String {
    format!("{kind}{}", random(ID_LETTERS, ID_RANDOM))
}

/// Whether a text has the form of our keys' ids.
pub(super) fn is_key_id(text: &str) -> bool {
    let rest = text.strip_prefix(KEY_PREFIX).unwrap_or_default().as_bytes();
    rest.len() == ID_RANDOM && rest.iter().all(|letter| ID_LETTERS.contains(letter))
}

fn place(access_key_id: &str) -> String {
    format!("access-key/{access_key_id}")
}

impl Service {
    /// Makes an access key for a user: two at most, so that one can take the place of the other.
    pub async fn create_key(&self, user: &str) -> Result<NewKey, Error> {
        let _alone = self.inner.users.changing.lock().await;
        let mut stored = self.stored_user(user).await?;
        if stored.record.keys.len() >= KEYS_MAX {
            return Err(Error::invalid(format!(
                "user {user} has {KEYS_MAX} access keys, and no user has more; delete one first"
            )));
        }
        let (id, secret) = (new_id(KEY_PREFIX), Secret::new(random(SECRET_LETTERS, SECRET_LENGTH)));
        let sealed = self.inner.parts.vault.seal(&place(&id), &secret);
        let key = KeyRecord {
            user: user.to_owned(),
            sealed_secret: sealed.map_err(|error| Error::new(Kind::Internal, error.to_string()))?,
            active: true,
            created_at: self.now(),
            last_used_at: None,
        };
        stored.record.keys.push(id.clone());
        self.change_access(&[
            change(DocumentKind::User, user, Expected::Version(stored.version), Some(&stored.record))?,
            change(DocumentKind::AccessKey, &id, Expected::Absent, Some(&key))?,
        ])
        .await?;
        tracing::info!(user, key = id, "access key created");
        Ok(NewKey { key: self.key_view(&id, key), secret })
    }

    /// A user's keys.
    pub async fn keys(&self, user: &str) -> Result<Vec<KeyView>, Error> {
        let mut keys = Vec::new();
        for id in self.stored_user(user).await?.record.keys {
            if let Some(key) = self.stored::<KeyRecord>(DocumentKind::AccessKey, &id).await? {
                keys.push(self.key_view(&id, key.record));
            }
        }
        Ok(keys)
    }

    /// Switches a key on or off.
    pub async fn set_key_active(&self, access_key_id: &str, active: bool) -> Result<KeyView, Error> {
        let _alone = self.inner.users.changing.lock().await;
        let mut key = self.stored_key(access_key_id).await?;
        key.1.active = active;
        let expected = Expected::Version(key.0);
        self.change_access(&[change(DocumentKind::AccessKey, access_key_id, expected, Some(&key.1))?]).await?;
        tracing::info!(key = access_key_id, active, "access key switched");
        Ok(self.key_view(access_key_id, key.1))
    }

    /// Deletes a key.
    pub async fn delete_key(&self, access_key_id: &str) -> Result<(), Error> {
        let _alone = self.inner.users.changing.lock().await;
        let (version, key) = self.stored_key(access_key_id).await?;
        let mut changes =
            vec![change::<KeyRecord>(DocumentKind::AccessKey, access_key_id, Expected::Version(version), None)?];
        if let Some(mut user) = self.stored::<UserRecord>(DocumentKind::User, &key.user).await? {
            user.record.keys.retain(|id| id != access_key_id);
            let expected = Expected::Version(user.version);
            changes.push(change(DocumentKind::User, &key.user, expected, Some(&user.record))?);
        }
        self.change_access(&changes).await?;
        self.inner.users.usage.forget(access_key_id);
        tracing::info!(key = access_key_id, user = key.user, "access key deleted");
        Ok(())
    }

    async fn stored_key(&self, access_key_id: &str) -> Result<(u64, KeyRecord), Error> {
        if let Some((root, _)) = self.inner.users.root.get()
            && root == access_key_id
        {
            return Err(Error::invalid(
                "the root key is always there; it lies in credentials.json of the data directory",
            ));
        }
        let shown: String = access_key_id.chars().filter(|c| !c.is_control()).take(128).collect();
        let missing = || Error::not_found(format!("access key {shown} does not exist"));
        if !is_key_id(access_key_id) {
            return Err(missing());
        }
        let stored = self.stored(DocumentKind::AccessKey, access_key_id).await?.ok_or_else(missing)?;
        Ok((stored.version, stored.record))
    }

    /// The secret of a key.
    pub(super) fn unseal_key(&self, access_key_id: &str, key: &KeyRecord) -> Result<Secret, Error> {
        let secret = self.inner.parts.vault.unseal(&place(access_key_id), &key.sealed_secret);
        secret.map_err(|error| Error::new(Kind::Internal, format!("access key {access_key_id}: {error}")))
    }

    fn key_view(&self, access_key_id: &str, key: KeyRecord) -> KeyView {
        KeyView {
            access_key_id: access_key_id.to_owned(),
            user: key.user,
            active: key.active,
            created_at: key.created_at,
            last_used_at: self.inner.users.usage.last(access_key_id).max(key.last_used_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ids_have_the_form_of_aws() {
        assert!(is_key_id(&new_id(KEY_PREFIX)) && new_id(KEY_PREFIX).len() == 20);
        for id in [
            "",
            "AKIA",
            "AKIAABCDEFGHIJKLMNO1",
            "ASIAABCDEFGHIJKLMNOP",
            "AKIAABCDEFGHIJKLMNOPQ",
            "akiaabcdefghijklmnop",
        ] {
            assert!(!is_key_id(id), "{id}");
        }
        assert_eq!(random(SECRET_LETTERS, SECRET_LENGTH).len(), 40);
    }
}
