//! Calls about users, keys and policies.

use super::{Document, Fleet, timed};
use crate::failure::Failure;
use buildyard_model::{KeyView, PolicyView, Secret, UserView};
use buildyard_proto::v1;

/// A key that was just made.
#[derive(Debug)]
pub(crate) struct NewKey {
    pub(crate) key: Document<KeyView>,
    pub(crate) secret: Secret,
    /// What requests must be signed for.
    pub(crate) region: String,
}

/// One call: the request's fields, the answer.
macro_rules! call {
    ($fleet:ident.$call:ident($request:expr)) => {
        $fleet.admin.clone().$call(timed($request)).await.map_err(|status| $fleet.refused(&status))?.into_inner()
    };
}

fn name(name: &str) -> v1::UserRequest {
    v1::UserRequest { name: name.to_owned() }
}

fn policy(name: &str, user: Option<&str>) -> v1::PolicyRequest {
    v1::PolicyRequest { name: name.to_owned(), user: user.unwrap_or_default().to_owned() }
}

impl Fleet {
    /// Makes a user.
    pub(crate) async fn create_user(&self, user: &str) -> Result<Document<UserView>, Failure> {
        Document::read("user", &call!(self.create_user(name(user))).user)
    }

    /// All users.
    pub(crate) async fn users(&self) -> Result<Vec<Document<UserView>>, Failure> {
        let (mut users, mut after) = (Vec::new(), String::new());
        loop {
            let page = call!(self.list_users(v1::ListUsersRequest { after }));
            for user in &page.users {
                users.push(Document::read("user", user)?);
            }
            after = page.next;
            if after.is_empty() {
                return Ok(users);
            }
        }
    }

    /// Deletes a user with keys.
    pub(crate) async fn delete_user(&self, user: &str) -> Result<(), Failure> {
        call!(self.delete_user(name(user)));
        Ok(())
    }

    /// Makes an access key; the secret comes this once.
    pub(crate) async fn create_key(&self, user: &str) -> Result<NewKey, Failure> {
        let made = call!(self.create_key(name(user)));
        let key = Document::read("key", &made.key)?;
        Ok(NewKey { key, secret: Secret::new(made.secret_access_key), region: made.region })
    }

    /// A user's keys.
    pub(crate) async fn keys(&self, user: &str) -> Result<Vec<Document<KeyView>>, Failure> {
        call!(self.list_keys(name(user))).keys.iter().map(|key| Document::read("key", key)).collect()
    }

    /// Switches a key on or off.
    pub(crate) async fn set_key_active(&self, id: &str, active: bool) -> Result<Document<KeyView>, Failure> {
        let request = v1::SetKeyActiveRequest { access_key_id: id.to_owned(), active };
        Document::read("key", &call!(self.set_key_active(request)).key)
    }

    /// Deletes a key.
    pub(crate) async fn delete_key(&self, id: &str) -> Result<(), Failure> {
        call!(self.delete_key(v1::DeleteKeyRequest { access_key_id: id.to_owned() }));
        Ok(())
    }

    /// Stores a policy, for everybody or as a user's own.
    pub(crate) async fn put_policy(
        &self,
        name: &str,
        document: String,
        user: Option<&str>,
    ) -> Result<Document<PolicyView>, Failure> {
        let user = user.unwrap_or_default().to_owned();
        let request = v1::PutPolicyRequest { name: name.to_owned(), document, user };
        Document::read("policy", &call!(self.put_policy(request)).policy)
    }

    /// All policies that users can be given.
    pub(crate) async fn policies(&self) -> Result<Vec<Document<PolicyView>>, Failure> {
        let (mut policies, mut after) = (Vec::new(), String::new());
        loop {
            let page = call!(self.list_policies(v1::ListPoliciesRequest { after }));
            for policy in &page.policies {
                policies.push(Document::read("policy", policy)?);
            }
            after = page.next;
            if after.is_empty() {
                return Ok(policies);
            }
        }
    }

    /// One policy.
    pub(crate) async fn policy(&self, name: &str, user: Option<&str>) -> Result<Document<PolicyView>, Failure> {
        Document::read("policy", &call!(self.get_policy(policy(name, user))).policy)
    }

    /// Deletes a policy.
    pub(crate) async fn delete_policy(&self, name: &str, user: Option<&str>) -> Result<(), Failure> {
        call!(self.delete_policy(policy(name, user)));
        Ok(())
    }

    /// Gives a user a policy, or takes it away.
    pub(crate) async fn attach(&self, user: &str, policy: &str, attach: bool) -> Result<Document<UserView>, Failure> {
        let request = v1::AttachRequest { user: user.to_owned(), policy: policy.to_owned() };
        let reply = if attach { call!(self.attach_policy(request)) } else { call!(self.detach_policy(request)) };
        Document::read("user", &reply.user)
    }
}
