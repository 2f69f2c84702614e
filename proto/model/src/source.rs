//! What a build is made from (reference 4).

mod rules;

pub use rules::{GitLocation, git_location, is_bucket_name};

use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// A user name and password or token for a git server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitCredentials {
    /// The user name; any non-empty text when the server wants only a token.
    pub username: String,
    /// The password or token.
    pub password: Secret,
}

/// The kinds of source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum SourceKind {
    /// Nothing but a buildspec.
    #[serde(rename = "NO_SOURCE")]
    None,
    /// A git repository: `https://…`, `ssh://…`, `user@host:path`, or a local path where the agent allows it.
    #[serde(rename = "GIT", rename_all = "camelCase")]
    Git {
        /// The clone URL, without user name and password.
        location: String,
        /// Commits of history; 0 or above 25 means all of it (reference 4.1).
        #[serde(default)]
        depth: u32,
        /// Whether submodules are fetched too.
        #[serde(default)]
        submodules: bool,
        /// For https.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credentials: Option<GitCredentials>,
    },
    /// `<bucket>/<key>` of a ZIP, or `<bucket>/<prefix>/` of a folder.
    #[serde(rename = "S3", rename_all = "camelCase")]
    S3 {
        /// Bucket and key, joined by a slash.
        location: String,
    },
    /// A directory on the agent's host, taken as it is. Only `buildyard run` and agents whose config allows it.
    #[serde(rename = "LOCAL", rename_all = "camelCase")]
    Local {
        /// An absolute path.
        path: String,
    },
}

/// A source and the version of it that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Where from.
    #[serde(flatten)]
    pub kind: SourceKind,
    /// A branch, tag, commit, `ref^{sha}` (reference 4.2), or an S3 version id. Absent: the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A further source, checked out beside the primary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondarySource {
    /// Letters, digits and `_`, shorter than 128; names `CODEBUILD_SRC_DIR_<identifier>`.
    pub source_identifier: String,
    /// The source itself.
    #[serde(flatten)]
    pub source: Source,
}
