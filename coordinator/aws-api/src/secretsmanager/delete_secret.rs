//! DeleteSecret: at once, or after some days in which it can be restored.

use super::access::allowed;
use super::failure::failure;
use super::secret::Identity;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_model::Epoch;
use buildyard_service::stored_secrets::Deletion;
use serde::{Deserialize, Serialize};

pub(super) struct DeleteSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
    recovery_window_in_days: Option<i64>,
    force_delete_without_recovery: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(flatten)]
    identity: Identity,
    deletion_date: Epoch,
}

impl Operation<Context> for DeleteSecret {
    const NAME: &'static str = "DeleteSecret";
    type Input = Input;
    type Output = Output;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Output, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        let force = input.force_delete_without_recovery.unwrap_or_default();
        let deletion = Deletion { window_days: input.recovery_window_in_days, force };
        let (name, arn, at) = context.service.safe().delete_secret(&id, deletion).await.map_err(failure)?;
        Ok(Output { identity: Identity { arn, name }, deletion_date: Epoch(at) })
    }
}
