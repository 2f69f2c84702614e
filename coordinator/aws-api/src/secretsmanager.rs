//! Secrets Manager as far as builds need it: secrets with versions and stages. One operation in a file, one line for it
//! here.
//!
//! The ARN of a secret has characters that only its record knows. So operations on a secret check the caller's
//! permission themselves, by `access::allowed`, and name no resources.

mod access;
mod create_secret;
mod delete_secret;
mod describe_secret;
mod failure;
mod get_secret_value;
mod list_secret_version_ids;
mod list_secrets;
mod put_secret_value;
mod restore_secret;
mod secret;
mod tag_resource;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;
mod value;

use crate::context::Context;
use crate::shapes;
use buildyard_aws_protocol::Api;

/// The service as far as it is there.
pub fn api() -> Api<Context> {
    Api::new("secretsmanager", "secretsmanager")
        .with_shapes(&shapes::SECRETS_MANAGER, "ValidationException")
        .with::<create_secret::CreateSecret>()
        .with::<delete_secret::DeleteSecret>()
        .with::<describe_secret::DescribeSecret>()
        .with::<get_secret_value::GetSecretValue>()
        .with::<list_secret_version_ids::ListSecretVersionIds>()
        .with::<list_secrets::ListSecrets>()
        .with::<put_secret_value::PutSecretValue>()
        .with::<restore_secret::RestoreSecret>()
        .with::<tag_resource::TagResource>()
        .with::<untag_resource::UntagResource>()
        .with::<update_secret::UpdateSecret>()
        .with::<update_secret_version_stage::UpdateSecretVersionStage>()
}

#[cfg(test)]
mod tests;
