//! `[secrets]`: where builds' PARAMETER_STORE and SECRETS_MANAGER variables come from, behind `secrets_file`.

use super::ConfigError;
use buildyard_service::{AwsCredentials, AwsSettings};
use serde::Deserialize;

/// Who has the secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretsFrom {
    /// The coordinator itself: what was stored through its own SSM and Secrets Manager.
    #[default]
    Here,
    /// An AWS account, with the credentials of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    Aws,
}

/// The `[secrets]` section.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsConfig {
    pub from: SecretsFrom,
    /// AWS's region. Absent: the coordinator's own.
    pub region: Option<String>,
    /// `http://host:port` or `https://host:port` in place of AWS's own addresses.
    pub endpoint: Option<String>,
    /// Whether only builds whose project's service role names a user or a policy of this coordinator get secrets.
    pub require_role: bool,
}

impl SecretsConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.from == SecretsFrom::Here && self.region.is_some() {
            return Err(ConfigError::invalid("secrets.region", "is for secrets from AWS: set secrets.from to \"aws\""));
        }
        if self.from == SecretsFrom::Here && self.endpoint.is_some() {
            let problem = "is for secrets from AWS: set secrets.from to \"aws\"";
            return Err(ConfigError::invalid("secrets.endpoint", problem));
        }
        if self.region.as_deref().is_some_and(|region| !super::is_region(region)) {
            return Err(ConfigError::invalid("secrets.region", super::REGION));
        }
        match &self.endpoint {
            Some(url) if !(url.starts_with("http://") || url.starts_with("https://")) || url.ends_with('/') => {
                let problem = "must be http://host:port or https://host:port, without a slash at its end";
                Err(ConfigError::invalid("secrets.endpoint", problem))
            }
            _ => Ok(()),
        }
    }

    /// How to ask AWS, if it is to be asked. `region` is the coordinator's; `variable` gives environment variables.
    pub(crate) fn aws(
        &self,
        region: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<AwsSettings>, ConfigError> {
        if self.from == SecretsFrom::Here {
            return Ok(None);
        }
        let credentials = AwsCredentials::from_variables(variable).ok_or_else(|| {
            let problem = "is \"aws\", so AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set in the environment";
            ConfigError::invalid("secrets.from", problem)
        })?;
        let region = self.region.clone().unwrap_or_else(|| region.to_owned());
        Ok(Some(AwsSettings { region, endpoint: self.endpoint.clone(), credentials }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_is_asked_only_with_credentials_and_where_the_section_says_so() {
        let none = |_: &str| None;
        let some = |name: &str| (name != "AWS_SESSION_TOKEN").then(|| "x".to_owned());
        let aws = SecretsConfig { from: SecretsFrom::Aws, ..SecretsConfig::default() };
        assert!(SecretsConfig::default().aws("eu-west-1", some).unwrap().is_none());
        assert_eq!(aws.aws("eu-west-1", some).unwrap().unwrap().region, "eu-west-1");
        assert!(aws.aws("eu-west-1", none).unwrap_err().to_string().contains("AWS_ACCESS_KEY_ID"));
        let elsewhere = SecretsConfig { region: Some("us-west-2".into()), ..aws };
        assert_eq!(elsewhere.aws("eu-west-1", some).unwrap().unwrap().region, "us-west-2");
        assert!(SecretsConfig { from: SecretsFrom::Here, ..elsewhere }.check().is_err());
    }
}
