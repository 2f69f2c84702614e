//! ImportSourceCredentials: keeps a token for a source provider (reference 4.3).

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller, Operation};
use buildyard_service::ImportedCredential;
use serde::Serialize;

/// ImportSourceCredentials.
pub(super) struct ImportSourceCredentials;

/// The credential's ARN.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    arn: String,
}

impl Operation<Context> for ImportSourceCredentials {
    const NAME: &'static str = "ImportSourceCredentials";
    type Input = ImportedCredential;
    type Output = Output;

    async fn call(context: &Context, _caller: &Caller, input: ImportedCredential) -> Result<Output, ApiError> {
        let arn = context.service.import_source_credential(input).await.map_err(failure)?;
        Ok(Output { arn })
    }
}
