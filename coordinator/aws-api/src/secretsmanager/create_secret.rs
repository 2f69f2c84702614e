//! CreateSecret: makes a secret, with its first version if a value comes along.

use super::failure::{failure, parameter};
use super::secret::{Identity, Tag, tags};
use super::value;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Secret;
use buildyard_service::stored_secrets::NewSecret;
use serde::{Deserialize, Serialize};

pub(super) struct CreateSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    name: String,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    secret_binary: Option<Secret>,
    secret_string: Option<Secret>,
    tags: Option<Vec<Tag>>,
    add_replica_regions: Option<Vec<serde_json::Value>>,
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

impl Operation<Context> for CreateSecret {
    const NAME: &'static str = "CreateSecret";
    type Input = Input;
    type Output = Output;

    fn resources(context: &Context, input: &Input) -> Vec<String> {
        vec![context.service.safe().absent_secret_arn(&input.name)]
    }

    async fn call(context: &Context, _caller: &Caller, input: Input) -> Result<Output, ApiError> {
        if input.add_replica_regions.is_some_and(|regions| !regions.is_empty()) {
            return Err(parameter("secrets are not replicated here: leave AddReplicaRegions out"));
        }
        if input.kind.is_some_and(|kind| !kind.is_empty()) {
            return Err(parameter("secrets of other services are not kept here: leave Type out"));
        }
        let id = value::version_id(input.client_request_token);
        let given = value::given(input.secret_string, input.secret_binary)?;
        let new = NewSecret {
            name: input.name,
            description: input.description,
            key_id: input.kms_key_id,
            tags: tags(input.tags.unwrap_or_default()),
            version: given.map(|given| (id, given)),
        };
        let record = context.service.safe().create_secret(&new).await.map_err(failure)?;
        Ok(Output { identity: Identity::of(context, &record), version_id: new.version.map(|(id, _)| id) })
    }
}
