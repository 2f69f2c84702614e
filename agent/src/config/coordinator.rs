//! `[coordinator]`: whom the agent dials, and how it proves that it may join.

use super::ConfigError;
use buildyard_model::Secret;
use serde::Deserialize;
use std::path::PathBuf;

/// The `[coordinator]` section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoordinatorConfig {
    /// `http://host:port`, or `https://host:port` with a certificate that the system trusts.
    pub endpoint: String,
    /// Needed once: the credential that it is traded for is kept in the data directory.
    pub join_token: Option<Secret>,
    /// A file that holds the join token; for when it must not stand in this one.
    pub join_token_file: Option<PathBuf>,
}

impl Default for CoordinatorConfig {
    fn default() -> Self {
        Self { endpoint: "http://127.0.0.1:8081".to_owned(), join_token: None, join_token_file: None }
    }
}

impl CoordinatorConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let parts = self.endpoint.split_once("://").filter(|(_, rest)| !rest.is_empty());
        if !parts.is_some_and(|(scheme, rest)| matches!(scheme, "http" | "https") && !rest.contains(['@', '?', '#'])) {
            let problem =
                format!("{:?} is not an address: expected http://host:port or https://host:port", self.endpoint);
            return Err(ConfigError::invalid("coordinator.endpoint", &problem));
        }
        if self.join_token.is_some() && self.join_token_file.is_some() {
            let problem = "join_token is given as well; keep one of the two";
            return Err(ConfigError::invalid("coordinator.join_token_file", problem));
        }
        Ok(())
    }

    /// The join token, from wherever it was given.
    pub(crate) fn token(&self) -> Result<Option<Secret>, ConfigError> {
        let Some(path) = &self.join_token_file else {
            return Ok(self.join_token.clone());
        };
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        Ok(Some(Secret::new(text.trim())))
    }
}
