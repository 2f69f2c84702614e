//! UpdateSecretVersionStage: moves a stage from one version to another, or takes it away.

use super::access::allowed;
use super::failure::failure;
use super::secret::Identity;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Deserialize;

pub(super) struct UpdateSecretVersionStage;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
    version_stage: String,
    remove_from_version_id: Option<String>,
    move_to_version_id: Option<String>,
}

impl Operation<Context> for UpdateSecretVersionStage {
    const NAME: &'static str = "UpdateSecretVersionStage";
    type Input = Input;
    type Output = Identity;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Identity, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        let (from, to) = (input.remove_from_version_id.as_deref(), input.move_to_version_id.as_deref());
        let safe = context.service.safe();
        let record = safe.update_secret_stage(&id, &input.version_stage, from, to).await.map_err(failure)?;
        Ok(Identity::of(context, &record))
    }
}
