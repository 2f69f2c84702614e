//! PutSecretValue: gives a secret one version more.

use super::access::allowed;
use super::failure::failure;
use super::secret::Identity;
use super::value;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Secret;
use buildyard_service::stored_secrets::{NewVersion, SecretError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(super) struct PutSecretValue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
    client_request_token: Option<String>,
    secret_binary: Option<Secret>,
    secret_string: Option<Secret>,
    version_stages: Option<BTreeSet<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(flatten)]
    identity: Identity,
    version_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
}

impl Operation<Context> for PutSecretValue {
    const NAME: &'static str = "PutSecretValue";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        let given = value::given(input.secret_string, input.secret_binary)?;
        let missing = || failure(SecretError::Request("give SecretString or SecretBinary".to_owned()));
        let new = NewVersion {
            id: value::version_id(input.client_request_token),
            value: given.ok_or_else(missing)?,
            stages: input.version_stages.filter(|stages| !stages.is_empty()),
        };
        let (record, version) = context.service.safe().put_secret_value(&id, &new).await.map_err(failure)?;
        Ok(Output {
            identity: Identity::of(context, &record),
            version_id: version.id,
            version_stages: version.stages.into_iter().collect(),
        })
    }
}
