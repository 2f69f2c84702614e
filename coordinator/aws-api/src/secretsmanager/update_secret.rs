//! UpdateSecret: changes what is said of a secret, and gives it a new current version if a value comes along.

use super::access::allowed;
use super::failure::{failure, parameter};
use super::secret::Identity;
use super::value;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Secret;
use buildyard_service::stored_secrets::SecretUpdate;
use serde::{Deserialize, Serialize};

pub(super) struct UpdateSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    secret_binary: Option<Secret>,
    secret_string: Option<Secret>,
    #[serde(rename = "Type")]
    kind: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(flatten)]
    identity: Identity,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
}

impl Operation<Context> for UpdateSecret {
    const NAME: &'static str = "UpdateSecret";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        if input.kind.is_some_and(|kind| !kind.is_empty()) {
            return Err(parameter("secrets of other services are not kept here: leave Type out"));
        }
        let version = value::version_id(input.client_request_token);
        let given = value::given(input.secret_string, input.secret_binary)?;
        let update = SecretUpdate {
            description: input.description,
            key_id: input.kms_key_id,
            version: given.map(|given| (version, given)),
        };
        let record = context.service.safe().update_secret(&id, &update).await.map_err(failure)?;
        Ok(Output { identity: Identity::of(context, &record), version_id: update.version.map(|(id, _)| id) })
    }
}
