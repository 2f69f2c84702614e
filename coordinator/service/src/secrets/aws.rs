//! AWS's own stores, for builds: parameters by `ssm:GetParameters`, which roles made for CodeBuild allow, and secrets by
//! `secretsmanager:GetSecretValue`.

mod client;

pub use client::{AwsCredentials, AwsSettings};

use super::{SecretKind, Secrets, json_key};
use crate::{Error, Kind};
use async_trait::async_trait;
use buildyard_buildspec::SecretReference;
use buildyard_model::{Clock, Secret};
use client::{Client, Refusal};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Secrets of an AWS account.
#[derive(Debug)]
pub struct AwsSecrets {
    client: Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameters {
    #[serde(default)]
    parameters: Vec<ParameterValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ParameterValue {
    value: Secret,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Value {
    secret_string: Option<Secret>,
}

impl AwsSecrets {
    /// Secrets of the account that the credentials belong to.
    ///
    /// # Errors
    /// `Unavailable` when TLS cannot be set up.
    pub fn new(settings: AwsSettings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Ok(Self { client: Client::new(settings, clock)? })
    }

    async fn parameter(&self, name: &str) -> Result<Option<Secret>, Error> {
        let body = json!({ "Names": [name], "WithDecryption": true });
        let asked = self.client.call::<Parameters>("ssm", "AmazonSSM.GetParameters", region(name), &body).await;
        let found = asked.map_err(|refusal| failure(&format!("parameter {name}"), &refusal))?;
        Ok(found.parameters.into_iter().next().map(|parameter| parameter.value))
    }

    async fn secret(&self, asked: &SecretReference) -> Result<Option<Secret>, Error> {
        let id = &asked.secret_id;
        let mut body = json!({ "SecretId": id });
        for (member, value) in [("VersionId", &asked.version_id), ("VersionStage", &asked.version_stage)] {
            if let Some(value) = value {
                body[member] = json!(value);
            }
        }
        let target = "secretsmanager.GetSecretValue";
        match self.client.call::<Value>("secretsmanager", target, region(id), &body).await {
            Ok(Value { secret_string: Some(text) }) => json_key::part(text, asked).map(Some),
            Ok(Value { secret_string: None }) => {
                Err(Error::invalid(format!("secret {id} is binary: a variable needs a text")))
            }
            Err(Refusal::Answered { code, .. }) if code == "ResourceNotFoundException" => Ok(None),
            Err(refusal) => Err(failure(&format!("secret {id}"), &refusal)),
        }
    }
}

#[async_trait]
impl Secrets for AwsSecrets {
    async fn resolve(&self, kind: SecretKind, reference: &str) -> Result<Option<Secret>, Error> {
        match kind {
            SecretKind::ParameterStore => self.parameter(reference).await,
            SecretKind::SecretsManager => self.secret(&json_key::reference(reference)?).await,
        }
    }
}

/// The region that an ARN names.
fn region(id: &str) -> Option<&str> {
    let region = id.strip_prefix("arn:")?.split(':').nth(2)?;
    let plain = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    Some(region).filter(|region| plain && !region.is_empty())
}

fn failure(what: &str, refusal: &Refusal) -> Error {
    let kind = match refusal {
        Refusal::Passing(_) => Kind::Unavailable,
        Refusal::Answered { code, .. } if code.starts_with("AccessDenied") => Kind::Denied,
        Refusal::Answered { .. } => Kind::Invalid,
    };
    Error::new(kind, format!("AWS does not give {what}: {refusal}"))
}

#[cfg(test)]
mod tests;
