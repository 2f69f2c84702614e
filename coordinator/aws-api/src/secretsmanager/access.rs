//! Whether a caller may do something with a secret.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller};

/// Checks the permission for `operation` on the secret that `id` names, and gives its whole ARN: whoever goes on with
/// that works on the secret that was checked. A secret that is not there is checked by its name, so that nobody learns
/// without permission what there is.
pub(super) async fn allowed(context: &Context, caller: &Caller, operation: &str, id: &str) -> Result<String, ApiError> {
    let safe = context.service.safe();
    let found = safe.secret(id).await.map_err(failure)?.map(|record| safe.secret_arn(&record));
    let arn = found.clone().unwrap_or_else(|| safe.absent_secret_arn(id));
    caller.permissions.check(&format!("secretsmanager:{operation}"), &arn)?;
    Ok(found.unwrap_or_else(|| id.to_owned()))
}
