//! Names and ARNs of groups and streams.

use super::failure::{invalid, no_group};
use crate::context::Context;
use buildyard_aws_protocol::ApiError;

fn base(context: &Context) -> String {
    let settings = context.service.settings();
    format!("arn:aws:logs:{}:{}:log-group:", settings.region, settings.account)
}

/// `arn:aws:logs:<region>:<account>:log-group:<group>`.
pub(super) fn group(context: &Context, group: &str) -> String {
    format!("{}{group}", base(context))
}

/// `arn:aws:logs:<region>:<account>:log-group:<group>:log-stream:<stream>`.
pub(super) fn stream(context: &Context, group: &str, stream: &str) -> String {
    format!("{}{group}:log-stream:{stream}", base(context))
}

/// The ARN on which operations on a whole group are allowed. Of a group that is named in two ways, or not at all, none:
/// the operation refuses it.
pub(super) fn permitted(context: &Context, name: Option<&str>, identifier: Option<&str>) -> Vec<String> {
    let named = named(context, name, identifier).unwrap_or_default();
    vec![format!("{}:*", group(context, &named))]
}

/// The group's name, given as such, or as a name or an ARN in `logGroupIdentifier`.
pub(super) fn named(context: &Context, name: Option<&str>, identifier: Option<&str>) -> Result<String, ApiError> {
    match (name, identifier) {
        (Some(name), None) => Ok(name.to_owned()),
        (None, Some(identifier)) => identified(context, identifier),
        (Some(_), Some(_)) => Err(invalid("Both logGroupName and logGroupIdentifier were given. Give one of them.")),
        (None, None) => Err(invalid("One of logGroupName and logGroupIdentifier is required.")),
    }
}

/// The name in an identifier. Groups of other accounts and regions are not here.
pub(super) fn identified(context: &Context, identifier: &str) -> Result<String, ApiError> {
    if !identifier.starts_with("arn:") {
        return Ok(identifier.to_owned());
    }
    let name = identifier.strip_prefix(&base(context)).ok_or_else(no_group)?;
    Ok(name.strip_suffix(":*").unwrap_or(name).to_owned())
}
