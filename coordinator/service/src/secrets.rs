//! Where the values of PARAMETER_STORE and SECRETS_MANAGER variables come from: a seam, and behind it a file, values
//! that somebody holds in memory, the account's own stores, or AWS; or several of them in order.

mod aws;
mod held;
mod in_order;
mod json_key;
mod stored;

pub use aws::{AwsCredentials, AwsSecrets, AwsSettings};
pub use held::{FileSecrets, HeldSecrets};
pub use in_order::InOrder;

use crate::{Error, Service};
use async_trait::async_trait;
use buildyard_model::{AgentId, LeaseToken, Secret};

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

impl Service {
    /// The values of a build's secrets, for the agent that holds it; in the order of `references`.
    pub async fn resolve_secrets(
        &self,
        agent: &AgentId,
        token: &LeaseToken,
        references: &[(SecretKind, String)],
    ) -> Result<Vec<Secret>, Error> {
        let job = self.leased(agent, token).await?.spec;
        let bounds = self.bounds(&job).await?;
        let mut values = Vec::with_capacity(references.len());
        for (kind, reference) in references {
            self.may_have_secret(&bounds, *kind, reference).await?;
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
mod tests;
