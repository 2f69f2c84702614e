//! Lets pass what a request reaches for beyond CodeBuild, if the caller may reach for it.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Caller};
use buildyard_service::Reach;

/// Asks the caller's policies for each.
///
/// # Errors
/// `AccessDeniedException` for the first that is not allowed.
pub(super) fn may_reach(caller: &Caller, reach: &[Reach]) -> Result<(), ApiError> {
    reach.iter().try_for_each(|reach| caller.permissions.check(reach.action, &reach.resource))
}

/// Lets whoever names a service role for `project` pass it on, where it is somebody's.
///
/// # Errors
/// `AccessDeniedException`, and `InvalidInputException` for what cannot be a role.
pub(super) async fn may_pass(
    context: &Context,
    caller: &Caller,
    project: &str,
    role: Option<&str>,
) -> Result<(), ApiError> {
    let passing = context.service.passing(project, role).await.map_err(failure)?;
    may_reach(caller, passing.as_slice())
}
