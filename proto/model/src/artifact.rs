//! What a build leaves behind, where it goes (reference 6.1, 6.2), and what was stored.

use serde::{Deserialize, Serialize};

/// Whether artifacts are wanted, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArtifactKind {
    /// None are stored.
    #[default]
    NoArtifacts,
    /// To a bucket.
    S3,
}

/// One object per file, or one ZIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Packaging {
    #[default]
    None,
    Zip,
}

/// Whether the key holds the build's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Namespace {
    #[default]
    None,
    BuildId,
}

/// CodeBuild's `ProjectArtifacts`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ArtifactSpec {
    /// S3 or none.
    #[serde(rename = "type")]
    pub kind: ArtifactKind,
    /// The bucket.
    pub location: String,
    /// A prefix in the bucket.
    pub path: String,
    /// Whether the build id is part of the key.
    pub namespace_type: Namespace,
    /// Object or folder name; empty means the project's name, `/` means none.
    pub name: String,
    /// NONE or ZIP.
    pub packaging: Packaging,
    /// Whether the buildspec's `artifacts.name` replaces `name`.
    pub override_artifact_name: bool,
    /// Required for secondary artifacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_identifier: Option<String>,
}

impl ArtifactSpec {
    /// The object key (ZIP) or the folder of keys (NONE) of reference 6.2. Empty parts vanish with their slash.
    /// `build_uuid` is the id's part after the colon; `name` the name in force; `s3_prefix` the buildspec's,
    /// which counts only with namespace BUILD_ID.
    pub fn key(&self, build_uuid: &str, name: &str, s3_prefix: &str) -> String {
        let namespace = match self.namespace_type {
            Namespace::BuildId => build_uuid,
            Namespace::None => "",
        };
        let prefix = if self.namespace_type == Namespace::BuildId { s3_prefix } else { "" };
        [prefix, &self.path, namespace, name]
            .iter()
            .flat_map(|part| part.split('/'))
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/")
    }
}

/// What was stored of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactRecord {
    /// Absent for the primary artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_identifier: Option<String>,
    /// The bucket.
    pub bucket: String,
    /// The object's key (ZIP) or the folder (NONE).
    pub key: String,
    /// Which of the two `key` is.
    pub packaging: Packaging,
    /// Files in the artifact.
    pub files: u64,
    /// Bytes stored.
    pub size_bytes: u64,
    /// Lower-case hex of the ZIP; empty with packaging NONE.
    #[serde(default)]
    pub sha256sum: String,
    /// Lower-case hex of the ZIP; empty with packaging NONE.
    #[serde(default)]
    pub md5sum: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_table_of_the_reference() {
        let spec =
            |path: &str, namespace_type| ArtifactSpec { path: path.into(), namespace_type, ..Default::default() };
        let key = |path, namespace, name| spec(path, namespace).key("B", name, "");
        assert_eq!(key("", Namespace::None, "N"), "N");
        assert_eq!(key("P", Namespace::None, "N"), "P/N");
        assert_eq!(key("", Namespace::BuildId, "N"), "B/N");
        assert_eq!(key("P", Namespace::BuildId, "N"), "P/B/N");
        assert_eq!(key("", Namespace::None, "/"), "");
        assert_eq!(key("P", Namespace::BuildId, "/"), "P/B");
        assert_eq!(spec("", Namespace::BuildId).key("B", "N.zip", "pre/fix"), "pre/fix/B/N.zip");
        assert_eq!(spec("", Namespace::None).key("B", "N", "pre"), "N");
    }
}
