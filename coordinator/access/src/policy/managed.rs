//! Policies that an admin attaches by name, without writing JSON.
//!
//! | name | what it allows |
//! |---|---|
//! | `AdministratorAccess` | everything |
//! | `ReadOnlyAccess` | looking at everything: projects, builds, pipelines, logs, objects; no secret values |
//! | `CodeBuildDeveloperAccess` | starting, stopping and retrying builds, and looking at projects, builds, logs and artifacts; nothing of a project's definition can be changed, nothing deleted, no secret read |

use super::document::Policy;
use super::error::PolicyError;

const TEXTS: [(&str, &str); 3] = [
    ("AdministratorAccess", include_str!("managed/administrator_access.json")),
    ("ReadOnlyAccess", include_str!("managed/read_only_access.json")),
    ("CodeBuildDeveloperAccess", include_str!("managed/code_build_developer_access.json")),
];

/// The names, in the order of the table above.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

/// The document of a policy, by its name or by `arn:aws:iam::aws:policy/NAME`.
pub fn document(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix("arn:aws:iam::aws:policy/").unwrap_or(name);
    TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The policy of a name, read.
///
/// # Errors
/// Never for the texts above: a test reads them all.
pub fn policy(name: &str) -> Option<Result<Policy, PolicyError>> {
    document(name).map(|text| Policy::parse(name, text))
}
