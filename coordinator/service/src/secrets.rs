//! Where the values of PARAMETER_STORE and SECRETS_MANAGER variables come from: a seam, and behind it a file, or values
//! that somebody holds in memory.

use crate::{Error, Kind, Service};
use async_trait::async_trait;
use buildyard_model::{AgentId, LeaseToken, Secret};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which of CodeBuild's two stores a reference is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// A parameter's name.
    ParameterStore,
    /// `<secret-id>[:<json-key>[:<version-stage>[:<version-id>]]]` (reference 1.4).
    SecretsManager,
}

/// Gives secrets to builds.
#[async_trait]
pub trait Secrets: Send + Sync + std::fmt::Debug {
    /// The value, or `None` when there is no such secret.
    async fn resolve(&self, kind: SecretKind, reference: &str) -> Result<Option<Secret>, Error>;
}

/// Secrets held in memory. As a file: `{"parameters": {NAME: VALUE}, "secrets": {ID: TEXT}}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeldSecrets {
    pub parameters: BTreeMap<String, Secret>,
    pub secrets: BTreeMap<String, Secret>,
}

impl HeldSecrets {
    fn find(&self, kind: SecretKind, reference: &str) -> Option<Secret> {
        match kind {
            SecretKind::ParameterStore => self.parameters.get(reference).cloned(),
            SecretKind::SecretsManager => {
                let (id, json_key) = split_reference(reference);
                let text = self.secrets.get(id)?;
                if json_key.is_empty() { Some(text.clone()) } else { json_member(text, json_key) }
            }
        }
    }
}

#[async_trait]
impl Secrets for HeldSecrets {
    async fn resolve(&self, kind: SecretKind, reference: &str) -> Result<Option<Secret>, Error> {
        Ok(self.find(kind, reference))
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
        Ok(self.read().await?.find(kind, reference))
    }
}

/// Secret id and JSON key. An ARN has six colons of its own.
fn split_reference(reference: &str) -> (&str, &str) {
    let own_colons = if reference.starts_with("arn:") { 6 } else { 0 };
    let mut colons = reference.match_indices(':').map(|(at, _)| at).skip(own_colons);
    match (colons.next(), colons.next()) {
        (None, _) => (reference, ""),
        (Some(first), None) => (&reference[..first], &reference[first + 1..]),
        (Some(first), Some(second)) => (&reference[..first], &reference[first + 1..second]),
    }
}

fn json_member(text: &Secret, key: &str) -> Option<Secret> {
    let object: serde_json::Value = serde_json::from_str(text.expose()).ok()?;
    match object.get(key)? {
        serde_json::Value::String(value) => Some(Secret::new(value.clone())),
        value => Some(Secret::new(value.to_string())),
    }
}

impl Service {
    /// The values of a build's secrets, for the agent that holds it; in the order of `references`.
    pub async fn resolve_secrets(
        &self,
        agent: &AgentId,
        token: &LeaseToken,
        references: &[(SecretKind, String)],
    ) -> Result<Vec<Secret>, Error> {
        self.leased(agent, token).await?;
        let mut values = Vec::with_capacity(references.len());
        for (kind, reference) in references {
            let value = self.inner.parts.secrets.resolve(*kind, reference).await?;
            values.push(value.ok_or_else(|| {
                Error::not_found(match kind {
                    // CodeBuild's own words (reference 1.7).
                    SecretKind::ParameterStore => format!("parameter does not exist: {reference}"),
                    SecretKind::SecretsManager => format!("secret does not exist: {reference}"),
                })
            })?);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_split_as_codebuild_does() {
        assert_eq!(split_reference("db"), ("db", ""));
        assert_eq!(split_reference("db:password"), ("db", "password"));
        assert_eq!(split_reference("db:password:AWSCURRENT"), ("db", "password"));
        assert_eq!(split_reference("db::AWSCURRENT"), ("db", ""));
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
        assert_eq!(split_reference(arn), (arn, ""));
        assert_eq!(split_reference(&format!("{arn}:password")), (arn, "password"));
    }

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
        assert_eq!(get(SecretKind::SecretsManager, "db:port").await.as_deref(), Some("5"));
        assert_eq!(get(SecretKind::SecretsManager, "db:none").await, None);
        assert_eq!(get(SecretKind::ParameterStore, "other").await, None);
    }
}
