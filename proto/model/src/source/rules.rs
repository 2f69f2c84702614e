//! Which sources are well formed: pure checks of URLs, refs and object locations, made when a build is submitted and
//! once more where it runs.
//!
//! What passes here can be handed to git as an argument without being taken for an option, a command or another
//! transport. Whether an agent *allows* a form (plain http, ssh, a path on its host) is the agent's config.

mod location;
mod object;
mod revision;

use super::{GitCredentials, SecondarySource, Source, SourceKind};

pub use location::{GitLocation, git_location};
pub use object::is_bucket_name;

/// Longest identifier of a secondary source is one below this (reference 4.1).
const IDENTIFIER_BOUND: usize = 128;

impl SourceKind {
    /// What is wrong with it, as a fragment for people; absent when it is well formed.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Git { location, credentials, .. } => {
                location::problem(location).or_else(|| credentials.as_ref().and_then(credentials_problem))
            }
            Self::S3 { location } => object::problem(location),
            Self::Local { path } => location::path_problem(path),
        }
    }
}

impl Source {
    /// What is wrong with it, as a fragment for people; absent when it is well formed.
    pub fn problem(&self) -> Option<String> {
        self.kind.problem().or_else(|| {
            let version = self.version.as_deref().filter(|version| !version.is_empty())?;
            match self.kind {
                SourceKind::Git { .. } => revision::problem(version),
                SourceKind::S3 { .. } => object::version_problem(version),
                SourceKind::None | SourceKind::Local { .. } => None,
            }
        })
    }
}

impl SecondarySource {
    /// What is wrong with its identifier or the source itself.
    pub fn problem(&self) -> Option<String> {
        let id = &self.source_identifier;
        let valid =
            !id.is_empty() && id.len() < IDENTIFIER_BOUND && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if valid {
            self.source.problem()
        } else {
            Some(format!("source identifier {id:?} is not valid: letters, digits and '_', shorter than 128"))
        }
    }
}

/// A colon would end the user name early in `Authorization: Basic`, a line break would end git's credential protocol.
fn credentials_problem(credentials: &GitCredentials) -> Option<String> {
    let user = &credentials.username;
    if user.is_empty() || user.contains(':') || user.chars().any(char::is_control) {
        return Some("the git user name is not valid: it is empty or holds a ':' or a control character".to_owned());
    }
    let password = credentials.password.expose();
    if password.is_empty() || password.chars().any(char::is_control) {
        return Some("the git password or token is not valid: it is empty or holds a control character".to_owned());
    }
    None
}

#[cfg(test)]
mod tests;
