//! Which credentials can be imported, and what a git server is given of one (reference 4.3). Pure.

use super::ImportedCredential;
use crate::Error;
use buildyard_model::{GitCredentials, Secret};
use serde::Deserialize;

/// Kinds of server that there are credentials for.
pub(super) const SERVERS: [&str; 5] = ["GITHUB", "BITBUCKET", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED"];
pub(super) const OAUTH: &str = "OAUTH";
pub(super) const SECRETS_MANAGER: &str = "SECRETS_MANAGER";
const BASIC_AUTH: &str = "BASIC_AUTH";
const PERSONAL_ACCESS_TOKEN: &str = "PERSONAL_ACCESS_TOKEN";

/// A secret's content.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Held {
    server_type: String,
    auth_type: String,
    token: Secret,
    #[serde(default)]
    username: Option<String>,
}

/// Refuses what could never be used. No message repeats the token.
pub(super) fn check(given: &ImportedCredential) -> Result<(), Error> {
    let server = given.server_type.as_str();
    if !SERVERS.contains(&server) {
        return Err(Error::invalid(format!("serverType {server:?} is not known")));
    }
    match given.auth_type.as_str() {
        BASIC_AUTH if server != "BITBUCKET" => {
            return Err(Error::invalid(format!("authType BASIC_AUTH is only for BITBUCKET, not for {server}")));
        }
        BASIC_AUTH if given.username.as_deref().is_none_or(str::is_empty) => {
            return Err(Error::invalid("authType BASIC_AUTH needs a username"));
        }
        SECRETS_MANAGER if !given.token.expose().starts_with("arn:aws:secretsmanager:") => {
            return Err(Error::invalid("authType SECRETS_MANAGER needs the ARN of a secret as its token"));
        }
        BASIC_AUTH | PERSONAL_ACCESS_TOKEN | SECRETS_MANAGER => {}
        other => return Err(unavailable(other)),
    }
    let user = given.username.as_deref().unwrap_or_default();
    // Either would change what git's credential protocol or `Authorization: Basic` says.
    if user.contains(':') || user.chars().any(char::is_control) || !usable(&given.token) {
        return Err(Error::invalid("the username holds a ':', or username or token hold control characters"));
    }
    Ok(())
}

fn usable(token: &Secret) -> bool {
    !token.expose().is_empty() && !token.expose().chars().any(char::is_control)
}

pub(super) fn unavailable(auth: &str) -> Error {
    Error::invalid(format!(
        "credentials of type {auth} are not supported here: import a PERSONAL_ACCESS_TOKEN, or name a secret that holds \
         one (SECRETS_MANAGER)"
    ))
}

/// The user name with which the provider takes a token; BASIC_AUTH brings its own.
pub(super) fn username(server: &str, given: Option<String>) -> String {
    let with_token = match server {
        "BITBUCKET" => "x-token-auth",
        "GITLAB" | "GITLAB_SELF_MANAGED" => "oauth2",
        _ => "x-access-token",
    };
    given.filter(|name| !name.is_empty()).unwrap_or_else(|| with_token.to_owned())
}

/// The credentials in a secret's text, if they are for this kind of server.
pub(super) fn in_secret(text: &Secret, server: &str) -> Option<GitCredentials> {
    let held: Held = serde_json::from_str(text.expose()).ok()?;
    let named = held.username.as_deref().is_some_and(|name| !name.is_empty() && !name.contains(':'));
    let complete = match held.auth_type.as_str() {
        PERSONAL_ACCESS_TOKEN => true,
        BASIC_AUTH => named,
        _ => false,
    };
    let fits = held.server_type == server && complete && usable(&held.token);
    fits.then(|| GitCredentials { username: username(server, held.username.filter(|_| named)), password: held.token })
}
