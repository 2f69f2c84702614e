//! Users, keys and policies, for who owns the fleet.

use crate::identity;
use crate::status::status;
use buildyard_proto::{convert, v1};
use buildyard_service::Service;
use tonic::{Request, Response, Status};

/// Users and policies in a page. A policy's document has some 6 KiB, so a page stays below the 4 MiB of a message.
const PAGE: u32 = 100;

#[derive(Debug)]
pub(crate) struct Admin {
    service: Service,
}

impl Admin {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    fn admit<T>(&self, request: Request<T>) -> Result<T, Status> {
        identity::client(&self.service, request.metadata())?;
        Ok(request.into_inner())
    }
}

fn user(view: &buildyard_model::UserView) -> Response<v1::UserReply> {
    Response::new(v1::UserReply { user: convert::document(view).into() })
}

fn policy(view: &buildyard_model::PolicyView) -> Response<v1::PolicyReply> {
    Response::new(v1::PolicyReply { policy: convert::document(view).into() })
}

fn deleted(_: ()) -> Response<v1::DeletedReply> {
    Response::new(v1::DeletedReply {})
}

#[tonic::async_trait]
impl v1::admin_server::Admin for Admin {
    async fn create_user(&self, request: Request<v1::UserRequest>) -> Result<Response<v1::UserReply>, Status> {
        let request = self.admit(request)?;
        self.service.create_user(&request.name).await.map(|view| user(&view)).map_err(status)
    }

    async fn list_users(&self, request: Request<v1::ListUsersRequest>) -> Result<Response<v1::ListUsersReply>, Status> {
        let request = self.admit(request)?;
        let users = self.service.users(&request.after, PAGE).await.map_err(status)?;
        let next = users.last().filter(|_| users.len() >= PAGE as usize).map(|user| user.name.clone());
        let users = users.iter().map(|user| convert::document(user).into()).collect();
        Ok(Response::new(v1::ListUsersReply { users, next: next.unwrap_or_default() }))
    }

    async fn delete_user(&self, request: Request<v1::UserRequest>) -> Result<Response<v1::DeletedReply>, Status> {
        let request = self.admit(request)?;
        self.service.delete_user(&request.name).await.map(deleted).map_err(status)
    }

    async fn create_key(&self, request: Request<v1::UserRequest>) -> Result<Response<v1::CreateKeyReply>, Status> {
        let request = self.admit(request)?;
        let made = self.service.create_key(&request.name).await.map_err(status)?;
        Ok(Response::new(v1::CreateKeyReply {
            key: convert::document(&made.key).into(),
            secret_access_key: made.secret.expose().to_owned(),
            region: self.service.settings().region.clone(),
        }))
    }

    async fn list_keys(&self, request: Request<v1::UserRequest>) -> Result<Response<v1::ListKeysReply>, Status> {
        let request = self.admit(request)?;
        let keys = self.service.keys(&request.name).await.map_err(status)?;
        Ok(Response::new(v1::ListKeysReply { keys: keys.iter().map(|key| convert::document(key).into()).collect() }))
    }

    async fn set_key_active(
        &self,
        request: Request<v1::SetKeyActiveRequest>,
    ) -> Result<Response<v1::KeyReply>, Status> {
        let request = self.admit(request)?;
        let key = self.service.set_key_active(&request.access_key_id, request.active).await.map_err(status)?;
        Ok(Response::new(v1::KeyReply { key: convert::document(&key).into() }))
    }

    async fn delete_key(&self, request: Request<v1::DeleteKeyRequest>) -> Result<Response<v1::DeletedReply>, Status> {
        let request = self.admit(request)?;
        self.service.delete_key(&request.access_key_id).await.map(deleted).map_err(status)
    }

    async fn put_policy(&self, request: Request<v1::PutPolicyRequest>) -> Result<Response<v1::PolicyReply>, Status> {
        let v1::PutPolicyRequest { name, document, user } = self.admit(request)?;
        if user.is_empty() {
            return self.service.put_policy(&name, &document).await.map(|view| policy(&view)).map_err(status);
        }
        self.service.put_inline_policy(&user, &name, Some(&document)).await.map_err(status)?;
        self.service.inline_policy(&user, &name).await.map(|view| policy(&view)).map_err(status)
    }

    async fn list_policies(
        &self,
        request: Request<v1::ListPoliciesRequest>,
    ) -> Result<Response<v1::ListPoliciesReply>, Status> {
        let request = self.admit(request)?;
        let policies = self.service.policies(&request.after, PAGE).await.map_err(status)?;
        let stored = policies.iter().filter(|policy| !policy.managed).count();
        let next = policies.last().filter(|_| stored >= PAGE as usize).map(|policy| policy.name.clone());
        let policies = policies.iter().map(|policy| convert::document(policy).into()).collect();
        Ok(Response::new(v1::ListPoliciesReply { policies, next: next.unwrap_or_default() }))
    }

    async fn get_policy(&self, request: Request<v1::PolicyRequest>) -> Result<Response<v1::PolicyReply>, Status> {
        let v1::PolicyRequest { name, user } = self.admit(request)?;
        let found = if user.is_empty() {
            self.service.policy(&name).await
        } else {
            self.service.inline_policy(&user, &name).await
        };
        found.map(|view| policy(&view)).map_err(status)
    }

    async fn delete_policy(&self, request: Request<v1::PolicyRequest>) -> Result<Response<v1::DeletedReply>, Status> {
        let v1::PolicyRequest { name, user } = self.admit(request)?;
        let done = if user.is_empty() {
            self.service.delete_policy(&name).await
        } else {
            self.service.put_inline_policy(&user, &name, None).await.map(drop)
        };
        done.map(deleted).map_err(status)
    }

    async fn attach_policy(&self, request: Request<v1::AttachRequest>) -> Result<Response<v1::UserReply>, Status> {
        let request = self.admit(request)?;
        self.service.attach_policy(&request.user, &request.policy).await.map(|view| user(&view)).map_err(status)
    }

    async fn detach_policy(&self, request: Request<v1::AttachRequest>) -> Result<Response<v1::UserReply>, Status> {
        let request = self.admit(request)?;
        self.service.detach_policy(&request.user, &request.policy).await.map(|view| user(&view)).map_err(status)
    }
}
