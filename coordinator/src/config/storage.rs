//! `[storage]`: an S3-compatible bucket for logs, artifacts and sources.

use super::ConfigError;
use buildyard_model::Secret;
use serde::Deserialize;
use std::path::PathBuf;

/// The `[storage]` section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageConfig {
    /// `https://host:port` of the S3 endpoint, as agents and clients reach it too.
    pub endpoint: String,
    pub region: String,
    pub access_key_id: String,
    /// The secret access key; or give `secret_access_key_file`.
    #[serde(default)]
    pub secret_access_key: Option<Secret>,
    /// A file that holds the secret access key.
    #[serde(default)]
    pub secret_access_key_file: Option<PathBuf>,
    /// Where artifacts go when a build names no bucket.
    pub artifact_bucket: String,
    /// Where logs, uploaded sources and records of uploads are kept. No builds' artifacts belong here.
    pub system_bucket: String,
    /// Whether the bucket stands in the path of URLs (`true`, what most S3-compatible servers want) or in the host name.
    #[serde(default = "yes")]
    pub path_style: bool,
}

fn yes() -> bool {
    true
}

impl StorageConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !(self.endpoint.starts_with("http://") || self.endpoint.starts_with("https://")) {
            return Err(ConfigError::invalid("storage.endpoint", "must be http://host:port or https://host:port"));
        }
        if self.secret_access_key.is_some() == self.secret_access_key_file.is_some() {
            let problem = "or secret_access_key_file must be given, and not both";
            return Err(ConfigError::invalid("storage.secret_access_key", problem));
        }
        if self.artifact_bucket == self.system_bucket {
            let problem = "is the artifact bucket too: builds could then write over logs";
            return Err(ConfigError::invalid("storage.system_bucket", problem));
        }
        Ok(())
    }

    /// The secret access key, from wherever it was given.
    pub(crate) fn secret(&self) -> Result<Secret, ConfigError> {
        match (&self.secret_access_key, &self.secret_access_key_file) {
            (Some(secret), _) => Ok(secret.clone()),
            (None, Some(path)) => Ok(Secret::new(buildyard_config::read(path)?.trim())),
            (None, None) => Err(ConfigError::invalid("storage.secret_access_key", "is not given")),
        }
    }
}
