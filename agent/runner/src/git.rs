//! `env.git-credential-helper` (reference 1.3): lets git commands of the build use the credentials of its sources.
//!
//! Owns the file that holds them while the commands run: in the state directory, which lies in memory, for the current
//! command's user alone, gone with this value. Git is led to it by its own environment variables (git 2.31 and later),
//! so no configuration file of the image is touched; what these say is the helper program and the servers it knows.

use crate::environment::{Variables, quoted};
use crate::failure::Failure;
use crate::programs::Programs;
use crate::user::Account;
use base64::Engine;
use buildyard_model::Secret;
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file in the state directory.
const FILE: &str = "git-credentials.json";
const COUNT: &str = "GIT_CONFIG_COUNT";

/// User name and password for one git server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitCredential {
    /// `https://host` or `https://host:port`; nothing else gets them.
    pub scope: String,
    pub username: String,
    pub password: Secret,
}

/// Reads and removes the file that the agent wrote. What cannot be removed must not be worked with.
pub(crate) fn take(file: Option<&Path>) -> Result<Vec<GitCredential>, Failure> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let failed = |what: &str, error: &dyn std::fmt::Display| Failure::Plan(format!("{what} git credentials: {error}"));
    let text = fs::read(file).map_err(|error| failed("cannot read", &error))?;
    fs::remove_file(file).map_err(|error| failed("cannot remove", &error))?;
    // The parser's message could quote a password.
    serde_json::from_slice(&text).map_err(|_| failed("cannot parse", &"not a list of credentials"))
}

/// Every form of the passwords that git or a server may print, for the mask.
pub(crate) fn secrets(credentials: &[GitCredential]) -> Vec<String> {
    let forms = |credential: &GitCredential| {
        let password = credential.password.expose();
        let basic = format!("{}:{password}", credential.username);
        [password.to_owned(), escaped(password), base64::engine::general_purpose::STANDARD.encode(basic)]
    };
    credentials.iter().flat_map(forms).collect()
}

/// As in a URL.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The credentials while commands run.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
}

impl Store {
    /// Writes the file and leads git to it; nothing when there are no credentials.
    pub(crate) fn open(
        credentials: &[GitCredential],
        state: &Path,
        programs: &Programs,
        variables: &mut Variables,
    ) -> Result<Option<Self>, Failure> {
        if credentials.is_empty() {
            return Ok(None);
        }
        let store = Self { path: state.join(FILE) };
        let text = serde_json::to_vec(credentials).unwrap_or_default();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&store.path);
        let written = file.and_then(|mut file| file.write_all(&text));
        written.map_err(|error| Failure::state(store.path.display(), error))?;
        configure(variables, credentials, &command(&programs.git_credential(), &store.path));
        Ok(Some(store))
    }

    /// Gives the file to the user of the next command: root reads it in any case.
    pub(crate) fn give(&self, account: Option<&Account>) -> Result<(), Failure> {
        let given = || -> io::Result<()> {
            let file = fs::File::open(&self.path)?;
            match account {
                Some(account) => account.give(&file),
                None => Account::root().give(&file),
            }
        };
        match given() {
            // A command of root's removed it: git asks in vain from then on.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            given => given.map_err(|error| Failure::state(self.path.display(), error)),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // What is not there any more is what is wanted.
        let _ = fs::remove_file(&self.path);
    }
}

/// What git runs: a line for its shell.
fn command(program: &Path, file: &Path) -> OsString {
    let mut line = b"!".to_vec();
    line.extend(quoted(program.as_os_str().as_bytes()));
    line.push(b' ');
    line.extend(quoted(file.as_os_str().as_bytes()));
    OsString::from_vec(line)
}

/// Adds git's settings behind those that the build's environment has already.
fn configure(variables: &mut Variables, credentials: &[GitCredential], command: &OsStr) {
    let given = variables.get(OsStr::new(COUNT)).and_then(|count| count.to_str()?.parse::<usize>().ok()).unwrap_or(0);
    for (index, credential) in credentials.iter().enumerate() {
        let index = given.saturating_add(index);
        let key = format!("credential.{}.helper", credential.scope);
        variables.insert(format!("GIT_CONFIG_KEY_{index}").into(), key.into());
        variables.insert(format!("GIT_CONFIG_VALUE_{index}").into(), command.to_owned());
    }
    variables.insert(COUNT.into(), given.saturating_add(credentials.len()).to_string().into());
}

/// The credential for what git asks: `name=value` lines. Scheme, host and port must be those of the scope.
pub(crate) fn answer<'a>(question: &str, credentials: &'a [GitCredential]) -> Option<&'a GitCredential> {
    let value = |name: &str| question.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let asked = server(value("protocol")?, value("host")?);
    let of = |credential: &&GitCredential| {
        credential.scope.split_once("://").is_some_and(|(scheme, host)| server(scheme, host) == asked)
    };
    let found = credentials.iter().find(of)?;
    // A user name in the URL asks for that user's password.
    let user_fits = value("username").is_none_or(|username| username == found.username);
    // Lines are the protocol's only form.
    let plain = |text: &str| !text.contains(['\n', '\r', '\0']);
    (user_fits && plain(&found.username) && plain(found.password.expose())).then_some(found)
}

/// Scheme and host in one form, without the scheme's own port.
fn server(scheme: &str, host: &str) -> (String, String) {
    let (scheme, host) = (scheme.to_lowercase(), host.to_lowercase());
    let own_port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(own_port).map(str::to_owned).unwrap_or(host);
    (scheme, host)
}

#[cfg(test)]
mod tests;
