//! GetSecretValue: the value of the current version, or of one that is named by id or stage.

use super::access::allowed;
use super::failure::failure;
use super::secret::Identity;
use super::value;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::{Epoch, Secret};
use buildyard_service::stored_secrets::Wanted;
use serde::{Deserialize, Serialize};

pub(super) struct GetSecretValue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(flatten)]
    identity: Identity,
    version_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_binary: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_string: Option<Secret>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
    created_date: Epoch,
}

impl Operation<Context> for GetSecretValue {
    const NAME: &'static str = "GetSecretValue";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        let wanted = Wanted { version_id: input.version_id.as_deref(), stage: input.version_stage.as_deref() };
        let found = context.service.safe().secret_value(&id, wanted).await.map_err(failure)?;
        let (secret_string, secret_binary) = value::members(found.value);
        Ok(Output {
            identity: Identity::of(context, &found.record),
            version_id: found.version.id,
            secret_binary,
            secret_string,
            version_stages: found.version.stages.into_iter().collect(),
            created_date: Epoch(found.version.created_at),
        })
    }
}
