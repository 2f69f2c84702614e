//! What SSM's operations work on: the ARNs of parameters, and the resources that can have tags.

use crate::context::Context;
use buildyard_aws_protocol::ApiError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The only resources here that have tags.
const PARAMETER: &str = "Parameter";

/// A tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// Tags by key; the last one of a key counts.
pub(super) fn tags(list: Vec<Tag>) -> BTreeMap<String, String> {
    list.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// The ARN of the parameter that is named by a name or an ARN, either with a selector.
pub(super) fn parameter_arn(context: &Context, reference: &str) -> String {
    let settings = context.service.settings();
    if reference.starts_with("arn:") {
        // An ARN of a parameter has five colons of its own; the sixth begins a selector.
        let end = reference.match_indices(':').nth(5).map_or(reference.len(), |(at, _)| at);
        return reference[..end].to_owned();
    }
    let name = reference.split(':').next().unwrap_or_default().trim_start_matches('/');
    format!("arn:aws:ssm:{}:{}:parameter/{name}", settings.region, settings.account)
}

/// Refuses what is no parameter.
pub(super) fn only_parameters(resource_type: &str) -> Result<(), ApiError> {
    if resource_type == PARAMETER {
        return Ok(());
    }
    let message = format!("resources of type {resource_type} are not kept here, only of type {PARAMETER}");
    Err(ApiError::new("InvalidResourceType", message))
}

/// As the operations on tags call a parameter that is not there.
pub(super) fn bad_resource(error: ApiError) -> ApiError {
    if error.code == "ParameterNotFound" { ApiError::new("InvalidResourceId", error.message) } else { error }
}
