//! Secrets held in memory, or in a file.

use super::{SecretKind, Secrets, json_key};
use crate::{Error, Kind};
use async_trait::async_trait;
use buildyard_model::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

const CURRENT: &str = "AWSCURRENT";

/// Secrets held in memory. As a file: `{"parameters": {NAME: VALUE}, "secrets": {ID: TEXT}}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeldSecrets {
    pub parameters: BTreeMap<String, Secret>,
    pub secrets: BTreeMap<String, Secret>,
}

impl HeldSecrets {
    fn find(&self, kind: SecretKind, reference: &str) -> Result<Option<Secret>, Error> {
        match kind {
            SecretKind::ParameterStore => Ok(self.parameters.get(reference).cloned()),
            SecretKind::SecretsManager => {
                let asked = json_key::reference(reference)?;
                // One version is held, the current one; others may be elsewhere.
                let held = self.secrets.get(&asked.secret_id).filter(|_| asked.stage() == Some(CURRENT));
                held.map(|text| json_key::part(text.clone(), &asked)).transpose()
            }
        }
    }
}

#[async_trait]
impl Secrets for HeldSecrets {
    async fn resolve(&self, kind: SecretKind, reference: &str) -> Result<Option<Secret>, Error> {
        self.find(kind, reference)
    }
}

/// Secrets from a JSON file in the form of [`HeldSecrets`] that only the coordinator's user can read, read anew for
/// every build.
#[derive(Debug, Clone)]
pub struct FileSecrets {
    path: PathBuf,
}

impl FileSecrets {
    /// Secrets from `path`, which must be there and in order now.
    pub async fn open(path: PathBuf) -> Result<Self, Error> {
        let file = Self { path };
        file.read().await?;
        Ok(file)
    }

    async fn read(&self) -> Result<HeldSecrets, Error> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Error::new(Kind::Unavailable, format!("the secrets file {} cannot be read: {error}", self.path.display()))
        };
        let text = tokio::fs::read(&self.path).await.map_err(|error| unreadable(&error))?;
        serde_json::from_slice(&text).map_err(|error| unreadable(&error))
    }
}

#[async_trait]
impl Secrets for FileSecrets {
    async fn resolve(&self, kind: SecretKind, reference: &str) -> Result<Option<Secret>, Error> {
        self.read().await?.find(kind, reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_gives_parameters_secrets_and_members_of_json_secrets() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, r#"{"parameters":{"/app/key":"k1"},"secrets":{"db":"{\"user\":\"u\",\"port\":5}"}}"#)
            .unwrap();
        let secrets = FileSecrets::open(file.path().to_owned()).await.unwrap();
        let get = async |kind, reference: &str| {
            secrets.resolve(kind, reference).await.unwrap().map(|value| value.expose().to_owned())
        };
        assert_eq!(get(SecretKind::ParameterStore, "/app/key").await.as_deref(), Some("k1"));
        assert_eq!(get(SecretKind::SecretsManager, "db:user").await.as_deref(), Some("u"));
        assert_eq!(get(SecretKind::SecretsManager, "db:port:AWSCURRENT").await.as_deref(), Some("5"));
        assert_eq!(get(SecretKind::SecretsManager, "db:port:AWSPREVIOUS").await, None);
        assert_eq!(get(SecretKind::ParameterStore, "other").await, None);
        assert!(secrets.resolve(SecretKind::SecretsManager, "db:none").await.is_err());
    }
}
