//! References to Secrets Manager secrets (reference 1.4): `secret-id[:json-key[:version-stage[:version-id]]]`.
//!
//! Used in a buildspec's `env.secrets-manager` and as the value of a `SECRETS_MANAGER` variable of the API. Only the
//! form is known here; fetching and picking the JSON key belong to whoever holds the secrets.

use std::str::FromStr;

/// The stage that is meant when neither stage nor id is given.
const CURRENT: &str = "AWSCURRENT";

/// Fields of a secret's ARN, which itself is separated by colons.
const ARN_FIELDS: usize = 7;

/// Which secret, which part of it, and which of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretReference {
    /// The secret's name or its full ARN.
    pub secret_id: String,
    /// The key of the secret's JSON object; absent: the whole text is the value.
    pub json_key: Option<String>,
    /// Never together with `version_id`.
    pub version_stage: Option<String>,
    pub version_id: Option<String>,
}

/// Why a text is not a secret reference. Holds no more of the text than its secret id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretReferenceError {
    #[error("the secret reference names no secret: write secret-id:json-key:version-stage:version-id")]
    NoSecret,
    #[error("'{0}' is not the ARN of a secret: it has the form arn:aws:secretsmanager:region:account:secret:name")]
    NotASecretArn(String),
    #[error(
        "the reference to secret '{0}' has too many parts: after the secret id come a json key, a stage and a version id"
    )]
    TooManyParts(String),
    #[error("the reference to secret '{0}' gives both a version stage and a version id: give one of them")]
    StageAndId(String),
}

impl SecretReference {
    /// Reads a reference. Parts may be left empty: `id:key::version-id`.
    ///
    /// # Errors
    /// An empty secret id, an ARN that is not a secret's, too many parts, or both stage and version id.
    pub fn parse(text: &str) -> Result<Self, SecretReferenceError> {
        let (secret_id, rest) = split_secret_id(text)?;
        if secret_id.trim().is_empty() {
            return Err(SecretReferenceError::NoSecret);
        }
        let parts: Vec<&str> = rest.map(|rest| rest.split(':').collect()).unwrap_or_default();
        if parts.len() > 3 {
            return Err(SecretReferenceError::TooManyParts(secret_id.to_owned()));
        }
        let part = |at: usize| parts.get(at).filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
        let (json_key, version_stage, version_id) = (part(0), part(1), part(2));
        if version_stage.is_some() && version_id.is_some() {
            return Err(SecretReferenceError::StageAndId(secret_id.to_owned()));
        }
        Ok(Self { secret_id: secret_id.to_owned(), json_key, version_stage, version_id })
    }

    /// The stage to ask for: the given one, or `AWSCURRENT` when no version id is given either.
    pub fn stage(&self) -> Option<&str> {
        match (&self.version_stage, &self.version_id) {
            (Some(stage), _) => Some(stage),
            (None, Some(_)) => None,
            (None, None) => Some(CURRENT),
        }
    }
}

impl FromStr for SecretReference {
    type Err = SecretReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Cuts the text after its secret id, which is the first field or the seven of an ARN.
fn split_secret_id(text: &str) -> Result<(&str, Option<&str>), SecretReferenceError> {
    if !text.starts_with("arn:") {
        return Ok(text.split_once(':').map_or((text, None), |(id, rest)| (id, Some(rest))));
    }
    let end = text.match_indices(':').nth(ARN_FIELDS - 1).map(|(at, _)| at);
    let arn = end.and_then(|end| text.get(..end)).unwrap_or(text);
    let rest = end.and_then(|end| text.get(end + 1..));
    match arn.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "secretsmanager", _, _, "secret", name] if !name.is_empty() => Ok((arn, rest)),
        _ => Err(SecretReferenceError::NotASecretArn(arn.to_owned())),
    }
}

#[cfg(test)]
mod tests;
