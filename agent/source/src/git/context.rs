//! What every step of one git fetch shares: options, secrets, the log.

use super::failure::Failure;
use super::program::{Call, run};
use crate::fetcher::Log;
use crate::options::Options;
use crate::redact::Redactor;
use buildyard_model::GitCredentials;

/// Where git finds the credentials: in its environment, under names that nothing else reads.
const USERNAME: &str = "BUILDYARD_GIT_USERNAME";
const PASSWORD: &str = "BUILDYARD_GIT_PASSWORD";
/// Git runs this with `get`, `store` or `erase` behind it. The secret itself is in no argument list.
const HELPER: &str = "!f() { if test \"$1\" = get; then printf 'username=%s\\npassword=%s\\n' \"$BUILDYARD_GIT_USERNAME\" \
     \"$BUILDYARD_GIT_PASSWORD\"; fi; }; f";

/// One fetch, with everything it may use.
pub(crate) struct Context<'a> {
    pub(crate) options: &'a Options,
    pub(crate) client: &'a reqwest::Client,
    pub(crate) redactor: Redactor,
    credentials: Option<&'a GitCredentials>,
    /// `https://host[:port]` that the credentials are for. Submodules elsewhere do not get them.
    scope: Option<String>,
    log: &'a Log<'a>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        options: &'a Options,
        client: &'a reqwest::Client,
        credentials: Option<&'a GitCredentials>,
        location: &str,
        log: &'a Log<'a>,
    ) -> Self {
        let scope = scope_of(location).map(str::to_owned);
        Self { options, client, redactor: Redactor::new(credentials), credentials, scope, log }
    }

    pub(crate) fn log(&self, line: String) {
        (self.log)(line);
    }

    /// Runs git and answers its standard output.
    pub(crate) async fn git(&self, call: Call<'_>) -> Result<Vec<u8>, Failure> {
        Ok(run(self, call).await?.answer)
    }

    /// Git's settings for reaching a host with the credentials, and the secrets in its environment.
    pub(crate) fn credential_settings(&self, url: &str) -> Option<CredentialSettings<'a>> {
        let (credentials, scope) = (self.credentials?, self.scope.as_deref()?);
        if scope_of(url) != Some(scope) {
            return None;
        }
        Some(CredentialSettings {
            config: [
                (format!("credential.{scope}.helper"), HELPER.to_owned()),
                // Saves the round trip of a refusal; git before 2.46 does not know it.
                (format!("http.{scope}/.proactiveAuth"), "basic".to_owned()),
            ],
            environment: [(USERNAME, &credentials.username), (PASSWORD, credentials.password.expose())],
        })
    }

    /// User name and password for a web address of the scope.
    pub(crate) fn credentials_for(&self, url: &str) -> Option<&'a GitCredentials> {
        (scope_of(url)? == self.scope.as_deref()?).then_some(self.credentials).flatten()
    }
}

/// How git gets at credentials.
pub(crate) struct CredentialSettings<'a> {
    pub(crate) config: [(String, String); 2],
    pub(crate) environment: [(&'static str, &'a str); 2],
}

/// The `scheme://host[:port]` of a web URL.
fn scope_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.find('/').unwrap_or(rest.len());
    url.get(..url.len() - rest.len() + authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_belong_to_scheme_host_and_port() {
        assert_eq!(scope_of("https://h:8443/a/b"), Some("https://h:8443"));
        assert_eq!(scope_of("http://h/a"), Some("http://h"));
        assert_eq!(scope_of("git@h:a"), None);
        assert_ne!(scope_of("https://h/a"), scope_of("http://h/a"));
    }
}
