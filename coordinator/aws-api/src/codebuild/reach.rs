//! Lets pass what a request reaches for beyond CodeBuild, if the caller may reach for it.

use buildyard_aws_protocol::{ApiError, Caller};
use buildyard_service::Reach;

/// Asks the caller's policies for each.
///
/// # Errors
/// `AccessDeniedException` for the first that is not allowed.
pub(super) fn may_reach(caller: &Caller, reach: &[Reach]) -> Result<(), ApiError> {
    reach.iter().try_for_each(|reach| caller.permissions.check(reach.action, &reach.resource))
}
