//! RestoreSecret: takes a deletion back.

use super::access::allowed;
use super::failure::failure;
use super::secret::Identity;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use serde::Deserialize;

pub(super) struct RestoreSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    secret_id: String,
}

impl Operation<Context> for RestoreSecret {
    const NAME: &'static str = "RestoreSecret";
    type Input = Input;
    type Output = Identity;

    fn resources(_context: &Context, _input: &Input) -> Vec<String> {
        Vec::new()
    }

    async fn call(context: &Context, caller: &Caller, input: Input) -> Result<Identity, ApiError> {
        let id = allowed(context, caller, Self::NAME, &input.secret_id).await?;
        let record = context.service.safe().restore_secret(&id).await.map_err(failure)?;
        Ok(Identity::of(context, &record))
    }
}
