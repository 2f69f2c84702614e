//! Users: made, listed, deleted.

use super::names;
use super::record::{KeyRecord, UserRecord, change};
use crate::{Error, Kind, Service};
use buildyard_model::UserView;
use buildyard_store::{DocumentKind, Expected};
use std::collections::BTreeMap;

/// Most users (IAM: 5,000 per account).
const USERS_MAX: u32 = 5000;

impl Service {
    /// Makes a user, who has no key and may do nothing yet.
    pub async fn create_user(&self, name: &str) -> Result<UserView, Error> {
        names::user(name)?;
        let _alone = self.inner.users.changing.lock().await;
        if self.stored::<UserRecord>(DocumentKind::User, name).await?.is_some() {
            return Err(Error::new(Kind::Conflict, format!("user {name} exists already")));
        }
        let users = self.store().documents(DocumentKind::User, "", "", USERS_MAX).await?;
        if users.len() >= USERS_MAX as usize {
            return Err(Error::invalid(format!("there are {USERS_MAX} users already; delete one first")));
        }
        let user = UserRecord {
            user_id: super::keys::new_id("AIDA"),
            created_at: self.now(),
            attached: Vec::new(),
            inline: BTreeMap::new(),
            keys: Vec::new(),
        };
        self.change_access(&[change(DocumentKind::User, name, Expected::Absent, Some(&user))?]).await?;
        tracing::info!(user = name, "user created");
        Ok(user.view(name, &self.settings().account))
    }

    /// Users by name, behind `after`; at most `limit`.
    pub async fn users(&self, after: &str, limit: u32) -> Result<Vec<UserView>, Error> {
        let users = self.all_stored::<UserRecord>(DocumentKind::User, after, limit).await?;
        Ok(users.iter().map(|(name, user)| user.view(name, &self.settings().account)).collect())
    }

    /// One user.
    pub async fn user(&self, name: &str) -> Result<UserView, Error> {
        Ok(self.stored_user(name).await?.record.view(name, &self.settings().account))
    }

    /// Deletes a user with keys and inline policies, all at once.
    pub async fn delete_user(&self, name: &str) -> Result<(), Error> {
        let _alone = self.inner.users.changing.lock().await;
        let user = self.stored_user(name).await?;
        let expected = Expected::Version(user.version);
        let mut changes = vec![change::<UserRecord>(DocumentKind::User, name, expected, None)?];
        for key in &user.record.keys {
            changes.push(change::<KeyRecord>(DocumentKind::AccessKey, key, Expected::Anything, None)?);
        }
        self.change_access(&changes).await?;
        user.record.keys.iter().for_each(|key| self.inner.users.usage.forget(key));
        tracing::info!(user = name, "user deleted");
        Ok(())
    }

    /// Changes a user's record.
    pub(super) async fn change_user(
        &self,
        name: &str,
        edit: impl FnOnce(&mut UserRecord) -> Result<(), Error>,
    ) -> Result<UserView, Error> {
        let mut user = self.stored_user(name).await?;
        edit(&mut user.record)?;
        let expected = Expected::Version(user.version);
        self.change_access(&[change(DocumentKind::User, name, expected, Some(&user.record))?]).await?;
        Ok(user.record.view(name, &self.settings().account))
    }
}
