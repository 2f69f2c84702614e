//! ListSourceCredentials: all credentials of source providers, never their tokens (reference 12.2).

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_service::CredentialInfo;
use serde::{Deserialize, Serialize};

/// ListSourceCredentials.
pub(super) struct ListSourceCredentials;

/// No members.
#[derive(Debug, Deserialize)]
pub(super) struct Input {}

/// What they are for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    source_credentials_infos: Vec<CredentialInfo>,
}

impl Operation<Context> for ListSourceCredentials {
    const NAME: &'static str = "ListSourceCredentials";
    type Input = Input;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, _input: Input) -> Result<Output, ApiError> {
        let source_credentials_infos = context.service.list_source_credentials().await.map_err(failure)?;
        Ok(Output { source_credentials_infos })
    }
}
