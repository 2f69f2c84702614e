//! Names of builds and projects as clients give them: an id or an ARN (reference 12.3).

use crate::context::Context;
use buildyard_aws_protocol::ApiError;
use buildyard_model::{BuildId, ProjectName};
use std::collections::BTreeSet;

/// The build that `text` names; none when it names no build that we could have, such as another account's.
///
/// # Errors
/// When it is no name of a build at all.
pub(crate) fn build_id(context: &Context, text: &str) -> Result<Option<BuildId>, ApiError> {
    let invalid = || ApiError::new("InvalidInputException", "Invalid build ID provided");
    let id = match text.strip_prefix(&context.codebuild_arn("build/")) {
        Some(id) => id,
        None if text.starts_with("arn:") && text.contains(":build/") => return Ok(None),
        None if text.starts_with("arn:") => return Err(invalid()),
        None => text,
    };
    if !id.contains(':') {
        return Err(invalid());
    }
    // One build has one id: other spellings of its uuid are none.
    Ok(id.parse().ok().filter(|parsed: &BuildId| parsed.to_string() == id))
}

/// The build that `text` names, where there must be one.
///
/// # Errors
/// As [`build_id`]; also when it names none.
pub(crate) fn one_build(context: &Context, text: &str) -> Result<BuildId, ApiError> {
    build_id(context, text)?.ok_or_else(|| no_build(text))
}

pub(crate) fn no_build(text: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Build {text} does not exist"))
}

/// The project that `text` names, by name or by an ARN of ours; none when no project can have the name.
pub(crate) fn project_name(context: &Context, text: &str) -> Option<ProjectName> {
    text.strip_prefix(&context.codebuild_arn("project/")).unwrap_or(text).parse().ok()
}

/// The ARN of a project that a client named.
pub(crate) fn project_arn(context: &Context, text: &str) -> String {
    if text.starts_with("arn:") { text.to_owned() } else { context.codebuild_arn(&format!("project/{text}")) }
}

/// On what somebody must be allowed to act on these builds: the ARNs of their projects.
pub(crate) fn projects_of<'a>(context: &Context, builds: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let arn = |text: &String| match build_id(context, text) {
        Ok(Some(id)) => project_arn(context, id.project().as_str()),
        Ok(None) | Err(_) => "*".to_owned(),
    };
    builds.into_iter().map(arn).collect::<BTreeSet<_>>().into_iter().collect()
}
