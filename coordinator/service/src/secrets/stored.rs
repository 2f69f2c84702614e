//! The account's own parameters and secrets, for builds.

use super::{SecretKind, Secrets, json_key};
use crate::parameters::ParameterError;
use crate::safe::Safe;
use crate::stored_secrets::{SecretError, SecretValue, Wanted};
use crate::{Error, Kind};
use async_trait::async_trait;
use buildyard_model::Secret;

#[async_trait]
impl Secrets for Safe {
    async fn resolve(&self, kind: SecretKind, reference: &str) -> Result<Option<Secret>, Error> {
        match kind {
            SecretKind::ParameterStore => match self.parameter(reference, true).await {
                Ok(parameter) => Ok(Some(parameter.value)),
                Err(ParameterError::NotFound(_) | ParameterError::VersionNotFound { .. }) => Ok(None),
                Err(ParameterError::Failed(error)) => Err(error),
                Err(other) => Err(Error::new(Kind::Internal, other.to_string())),
            },
            SecretKind::SecretsManager => {
                let asked = json_key::reference(reference)?;
                let wanted = Wanted { version_id: asked.version_id.as_deref(), stage: asked.version_stage.as_deref() };
                let found = match self.secret_value(&asked.secret_id, wanted).await {
                    Ok(found) => found,
                    Err(SecretError::NotFound | SecretError::NoValue(_)) => return Ok(None),
                    Err(SecretError::Failed(error)) => return Err(error),
                    Err(SecretError::Request(problem)) => {
                        return Err(Error::invalid(format!("secret {}: {problem}", asked.secret_id)));
                    }
                    Err(other) => return Err(Error::new(Kind::Internal, other.to_string())),
                };
                match found.value {
                    SecretValue::Text(text) => json_key::part(text, &asked).map(Some),
                    SecretValue::Binary(_) => {
                        Err(Error::invalid(format!("secret {} is binary: a variable needs a text", asked.secret_id)))
                    }
                }
            }
        }
    }
}
