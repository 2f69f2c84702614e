//! Credentials of source providers (reference 4.3): one for each kind of server, imported by an owner, given to builds
//! that fetch from such a server. A token is never shown, never logged; it lies in the store sealed for its ARN.

mod rules;
#[cfg(test)]
mod tests;

use crate::records::{read, removal, write};
use crate::secrets::SecretKind;
use crate::{Error, Kind, Service};
use buildyard_model::project::ProjectSource;
use buildyard_model::{GitCredentials, Secret};
use buildyard_store::{DocumentKind, Expected};
use serde::{Deserialize, Serialize};

/// What ImportSourceCredentials gives, in the model's spelling.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportedCredential {
    /// GITHUB, BITBUCKET, GITHUB_ENTERPRISE, GITLAB or GITLAB_SELF_MANAGED.
    pub server_type: String,
    /// BASIC_AUTH, PERSONAL_ACCESS_TOKEN or SECRETS_MANAGER; others are refused.
    pub auth_type: String,
    /// The token or app password; for SECRETS_MANAGER the ARN of the secret that holds it.
    pub token: Secret,
    /// For BASIC_AUTH.
    #[serde(default)]
    pub username: Option<String>,
    /// Whether it may take the place of what is there; by default it may.
    #[serde(default)]
    pub should_overwrite: Option<bool>,
}

/// CodeBuild's `SourceCredentialsInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialInfo {
    pub arn: String,
    pub server_type: String,
    pub auth_type: String,
    /// The secret's ARN, if it is one that holds the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}

/// A credential's document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    server_type: String,
    auth_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    /// Sealed for the ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl Service {
    /// Keeps a credential and gives its ARN; Conflict when there is one that must not be replaced.
    pub async fn import_source_credential(&self, given: ImportedCredential) -> Result<String, Error> {
        rules::check(&given)?;
        let arn = self.credential_arn(&given.server_type);
        let expected = if given.should_overwrite.unwrap_or(true) { Expected::Anything } else { Expected::Absent };
        let by_secret = given.auth_type == rules::SECRETS_MANAGER;
        let stored = Stored {
            resource: by_secret.then(|| given.token.expose().to_owned()),
            token: if by_secret { None } else { Some(self.seal(&arn, &given.token)?) },
            server_type: given.server_type,
            auth_type: given.auth_type,
            username: given.username,
        };
        let change = write(DocumentKind::SourceCredential, &arn, &stored, expected)?;
        match self.store().change(&[change]).await {
            Err(buildyard_store::Error::Conflict(_)) => {
                Err(Error::new(Kind::Conflict, format!("Source credentials already exist: {arn}")))
            }
            done => Ok(done.map(|()| arn)?),
        }
    }

    /// All credentials, without their tokens.
    pub async fn list_source_credentials(&self) -> Result<Vec<CredentialInfo>, Error> {
        let kind = DocumentKind::SourceCredential;
        // There is at most one for each kind of server.
        let all = self.store().documents(kind, "", "", u32::from(u8::MAX)).await?;
        all.into_iter()
            .map(|document| {
                let Stored { server_type, auth_type, resource, .. } = read(kind, &document)?;
                Ok(CredentialInfo { arn: document.key, server_type, auth_type, resource })
            })
            .collect()
    }

    /// Forgets a credential.
    pub async fn delete_source_credential(&self, arn: &str) -> Result<(), Error> {
        if self.store().document(DocumentKind::SourceCredential, arn).await?.is_none() {
            return Err(Error::not_found(format!("Source credentials not found: {arn}")));
        }
        Ok(self.store().change(&[removal(DocumentKind::SourceCredential, arn)]).await?)
    }

    /// What a git server is to be given for this source, if anything: the source's own credential, else that of its kind
    /// of server. That a NO_SOURCE primary source may lend its `auth` to secondary sources is the caller's business.
    ///
    /// # Errors
    /// Invalid when the source names a credential that cannot be had here.
    pub async fn source_credential(&self, source: &ProjectSource) -> Result<Option<GitCredentials>, Error> {
        let server = source.kind.as_str();
        if !rules::SERVERS.contains(&server) {
            return Ok(None);
        }
        if let Some(auth) = source.auth.as_ref().filter(|auth| auth.kind != rules::OAUTH) {
            return match (auth.kind.as_str(), auth.resource.as_deref()) {
                (rules::SECRETS_MANAGER, Some(secret)) => self.credential_in(secret, server).await.map(Some),
                _ => Err(rules::unavailable(&auth.kind)),
            };
        }
        let arn = self.credential_arn(server);
        let stored: Option<Stored> = self.record(DocumentKind::SourceCredential, &arn).await?;
        match stored {
            Some(Stored { resource: Some(secret), .. }) => self.credential_in(&secret, server).await.map(Some),
            Some(Stored { token: Some(token), username, .. }) => {
                let password = self.unseal(&arn, &token)?;
                Ok(Some(GitCredentials { username: rules::username(server, username), password }))
            }
            _ => Ok(None),
        }
    }

    async fn credential_in(&self, secret: &str, server: &str) -> Result<GitCredentials, Error> {
        let text = self.inner.parts.secrets.resolve(SecretKind::SecretsManager, secret).await?;
        let text =
            text.ok_or_else(|| Error::invalid(format!("the source's credentials: secret does not exist: {secret}")))?;
        rules::in_secret(&text, server)
            .ok_or_else(|| Error::invalid(format!("secret {secret} does not hold credentials for {server}")))
    }

    fn credential_arn(&self, server: &str) -> String {
        let settings = self.settings();
        format!("arn:aws:codebuild:{}:{}:token/{}", settings.region, settings.account, server.to_ascii_lowercase())
    }
}
