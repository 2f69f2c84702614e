//! What CodeBuild refuses in a project beyond its model's shapes: members that need or exclude one another, texts of a
//! form. Pure; CodeBuild's own messages where the reference has them.

mod artifacts;
mod environment;
mod rest;
mod source;

pub(crate) use artifacts::bucket_problem;
pub(crate) use rest::{check_logs, check_tags};

use crate::{Error, Settings};
use buildyard_model::Project;
use std::collections::HashSet;

/// Refuses a project, defaults filled in, that CodeBuild would refuse.
pub(super) fn check(project: &Project, has_badge: bool, settings: &Settings) -> Result<(), Error> {
    source::check(project)?;
    artifacts::check(project)?;
    environment::check(&project.environment)?;
    environment::check_lambda(project, has_badge)?;
    rest::check(project, settings)?;
    // Reference 12.4.
    if has_badge && matches!(project.source.kind.as_str(), "S3" | "CODEPIPELINE") {
        let kind = &project.source.kind;
        return Err(Error::invalid(format!("Build badges are not supported for source type {kind}")));
    }
    Ok(())
}

fn refuse(message: impl Into<String>) -> Result<(), Error> {
    Err(Error::invalid(message))
}

/// Whether a text that may be absent says something.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Identifiers of secondary sources and artifacts: there, well formed, none twice (reference 4.1, 6.1).
fn check_identifiers<'a>(what: &str, identifiers: impl Iterator<Item = Option<&'a str>>) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for identifier in identifiers {
        let Some(identifier) = given(identifier) else {
            return refuse(format!("{what} is required for each secondary one"));
        };
        if identifier.len() >= 128 || !identifier.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return refuse(format!(
                "{what} {identifier:?} is not valid: letters, digits and '_', shorter than 128 characters"
            ));
        }
        if !seen.insert(identifier) {
            return refuse(format!("{what} {identifier} stands twice; each must be unique"));
        }
    }
    Ok(())
}
