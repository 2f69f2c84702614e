//! Policies by name, and which users have them. Documents are read before they are stored, so that what is stored can be
//! decided by.

use super::names;
use super::record::{PolicyRecord, Stored, UserRecord, change};
use crate::{Error, Kind, Service};
use buildyard_access::policy::{Policy, managed};
use buildyard_model::{PolicyView, UserView};
use buildyard_store::{DocumentKind, Expected};

/// Most policies with a name (IAM: 1,500 per account).
const POLICIES_MAX: u32 = 1500;
/// Most policies attached to a user (IAM: 10), and most of a user's own.
const PER_USER_MAX: usize = 10;
/// Users in one look at the store.
const PAGE: u32 = 500;

fn parse(name: &str, document: &str) -> Result<(), Error> {
    Policy::parse(name, document).map(drop).map_err(|error| Error::invalid(format!("policy {name}: {error}")))
}

fn managed_view(name: &str, document: &str) -> PolicyView {
    PolicyView { name: name.to_owned(), managed: true, updated_at: None, document: document.to_owned() }
}

fn missing(name: &str) -> Error {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(128).collect();
    let known = managed::names().collect::<Vec<_>>().join(", ");
    Error::not_found(format!("policy {shown} does not exist; those that come with Buildyard are {known}"))
}

impl Service {
    /// Stores a policy, or another document for one that is there: it counts for its users at once.
    pub async fn put_policy(&self, name: &str, document: &str) -> Result<PolicyView, Error> {
        names::policy(name)?;
        if managed::document(name).is_some() {
            return Err(Error::invalid(format!("policy {name} comes with Buildyard and cannot be changed")));
        }
        parse(name, document)?;
        let _alone = self.inner.users.changing.lock().await;
        let there: Option<Stored<PolicyRecord>> = self.stored(DocumentKind::Policy, name).await?;
        if there.is_none() {
            let all = self.store().documents(DocumentKind::Policy, "", "", POLICIES_MAX).await?;
            if all.len() >= POLICIES_MAX as usize {
                return Err(Error::invalid(format!("there are {POLICIES_MAX} policies already; delete one first")));
            }
        }
        let policy = PolicyRecord { document: document.to_owned(), updated_at: self.now() };
        let expected = there.map_or(Expected::Absent, |there| Expected::Version(there.version));
        self.change_access(&[change(DocumentKind::Policy, name, expected, Some(&policy))?]).await?;
        tracing::info!(policy = name, "policy stored");
        Ok(policy.view(name))
    }

    /// Policies by name, behind `after`; at most `limit` of those that are stored, and before them, in the first page,
    /// those that come with Buildyard.
    pub async fn policies(&self, after: &str, limit: u32) -> Result<Vec<PolicyView>, Error> {
        let mut policies = Vec::new();
        if after.is_empty() {
            let all = managed::names().filter_map(|name| Some(managed_view(name, managed::document(name)?)));
            policies.extend(all);
        }
        let stored = self.all_stored::<PolicyRecord>(DocumentKind::Policy, after, limit).await?;
        policies.extend(stored.into_iter().map(|(name, policy)| policy.view(&name)));
        Ok(policies)
    }

    /// One policy.
    pub async fn policy(&self, name: &str) -> Result<PolicyView, Error> {
        let name = names::policy_of(name);
        if let Some(document) = managed::document(name) {
            return Ok(managed_view(name, document));
        }
        let stored = self.stored::<PolicyRecord>(DocumentKind::Policy, name).await?;
        Ok(stored.ok_or_else(|| missing(name))?.record.view(name))
    }

    /// Deletes a policy that no user has.
    pub async fn delete_policy(&self, name: &str) -> Result<(), Error> {
        let name = names::policy_of(name);
        if managed::document(name).is_some() {
            return Err(Error::invalid(format!("policy {name} comes with Buildyard and cannot be deleted")));
        }
        let _alone = self.inner.users.changing.lock().await;
        let stored = self.stored::<PolicyRecord>(DocumentKind::Policy, name).await?.ok_or_else(|| missing(name))?;
        if let Some(user) = self.one_with(name).await? {
            return Err(Error::new(
                Kind::Conflict,
                format!("policy {name} is attached to user {user}; detach it from every user first"),
            ));
        }
        let expected = Expected::Version(stored.version);
        self.change_access(&[change::<PolicyRecord>(DocumentKind::Policy, name, expected, None)?]).await?;
        tracing::info!(policy = name, "policy deleted");
        Ok(())
    }

    /// Gives a user a policy; one that the user has already is no error.
    pub async fn attach_policy(&self, user: &str, policy: &str) -> Result<UserView, Error> {
        let _alone = self.inner.users.changing.lock().await;
        let policy = self.policy(policy).await?.name;
        self.change_user(user, |record| {
            if record.attached.contains(&policy) {
                return Ok(());
            }
            if record.attached.len() >= PER_USER_MAX {
                return Err(Error::invalid(format!(
                    "user {user} has {PER_USER_MAX} policies, and no user has more; detach one first"
                )));
            }
            record.attached.push(policy);
            Ok(())
        })
        .await
    }

    /// Takes a policy from a user.
    pub async fn detach_policy(&self, user: &str, policy: &str) -> Result<UserView, Error> {
        let policy = names::policy_of(policy);
        let _alone = self.inner.users.changing.lock().await;
        self.change_user(user, |record| {
            let before = record.attached.len();
            record.attached.retain(|name| name != policy);
            if record.attached.len() == before {
                return Err(Error::not_found(format!("policy {policy} is not attached to user {user}")));
            }
            Ok(())
        })
        .await
    }

    /// Stores a policy of one user's own; without a document, deletes it.
    pub async fn put_inline_policy(&self, user: &str, name: &str, document: Option<&str>) -> Result<UserView, Error> {
        names::policy(name)?;
        document.map_or(Ok(()), |document| parse(name, document))?;
        let _alone = self.inner.users.changing.lock().await;
        self.change_user(user, |record| {
            let Some(document) = document else {
                let removed = record.inline.remove(name);
                let missing = || Error::not_found(format!("user {user} has no policy {name} of their own"));
                return removed.map(drop).ok_or_else(missing);
            };
            record.inline.insert(name.to_owned(), document.to_owned());
            if record.inline.len() > PER_USER_MAX {
                return Err(Error::invalid(format!(
                    "user {user} has {PER_USER_MAX} policies of their own, and no user has more; delete one first"
                )));
            }
            Ok(())
        })
        .await
    }

    /// A policy of one user's own.
    pub async fn inline_policy(&self, user: &str, name: &str) -> Result<PolicyView, Error> {
        let mut user_record = self.stored_user(user).await?.record;
        let document = user_record.inline.remove(name);
        let document =
            document.ok_or_else(|| Error::not_found(format!("user {user} has no policy {name} of their own")))?;
        Ok(PolicyView { name: name.to_owned(), managed: false, updated_at: None, document })
    }

    /// The first user who has a policy.
    async fn one_with(&self, policy: &str) -> Result<Option<String>, Error> {
        let mut after = String::new();
        loop {
            let users = self.all_stored::<UserRecord>(DocumentKind::User, &after, PAGE).await?;
            if let Some((name, _)) = users.iter().find(|(_, user)| user.attached.iter().any(|name| name == policy)) {
                return Ok(Some(name.clone()));
            }
            match users.into_iter().next_back() {
                Some((last, _)) => after = last,
                None => return Ok(None),
            }
        }
    }
}
