//! A service role's name as somebody who is stored here: a user, or a policy standing alone.

use super::record::UserRecord;
use crate::{Error, Kind, Service};
use buildyard_access::{Grants, Principal};
use buildyard_store::DocumentKind;
use std::collections::BTreeMap;

impl Service {
    /// What the last element of a role's path names here: a user with all policies of theirs, or else a policy, stored or
    /// one that comes with Buildyard. The principal bears the role's ARN. None when it names nobody.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn role(&self, arn: &str) -> Result<Option<Principal>, Error> {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let (user_id, policies) = match self.stored::<UserRecord>(DocumentKind::User, name).await? {
            Some(user) => {
                let policies = self.policies_of(name, &user.record.attached, &user.record.inline).await?;
                (user.record.user_id, policies)
            }
            None => match self.policy(name).await {
                Ok(policy) => {
                    let policies = self.policies_of(name, &[policy.name], &BTreeMap::new()).await?;
                    (name.to_owned(), policies)
                }
                Err(error) if error.kind == Kind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        Ok(Some(Principal {
            account: self.settings().account.clone(),
            arn: arn.to_owned(),
            user: name.to_owned(),
            user_id,
            grants: Grants::Policies(policies),
        }))
    }
}
