//! DescribeSecret: everything about a secret but its values; also of one that is deleted and can be restored.

use super::access::allowed;
use super::failure::failure;
use super::secret::{Description, stages};
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_service::stored_secrets::SecretError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) struct DescribeSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(flatten)]
    description: Description,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    version_ids_to_stages: BTreeMap<String, Vec<String>>,
}

impl Operation<Context> for DescribeSecret {
    const NAME: &'static str = "DescribeSecret";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        let found = context.service.safe().secret(&id).await.map_err(failure)?;
        let record = found.ok_or_else(|| failure(SecretError::NotFound))?;
        Ok(Output { description: Description::of(context, &record), version_ids_to_stages: stages(&record) })
    }
}
