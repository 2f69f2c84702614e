//! What `env.git-credential-helper` gives to a build (reference 1.3): the credentials of its own git sources, in a file
//! in memory until the runner has taken them, as secrets are. Who gets which is pure.

use super::halt::Halt;
use super::secrets::put;
use crate::folder::Folder;
use buildyard_model::{JobSpec, SourceKind};
use buildyard_runner::GitCredential;

/// The file's name in the build's folder in memory.
pub(super) const FILE: &str = "git-credentials.json";

/// Writes the file; false when no source has credentials.
pub(super) fn store(job: &JobSpec, folder: &Folder) -> Result<bool, Halt> {
    let credentials = of(job);
    if credentials.is_empty() {
        return Ok(false);
    }
    put(folder, FILE, &serde_json::to_vec(&credentials).unwrap_or_default())?;
    Ok(true)
}

/// The credentials of all sources that have them, one for each server: the primary source's come first.
fn of(job: &JobSpec) -> Vec<GitCredential> {
    let sources = std::iter::once(&job.source).chain(job.secondary_sources.iter().map(|other| &other.source));
    let mut found: Vec<GitCredential> = Vec::new();
    for source in sources {
        let SourceKind::Git { location, credentials: Some(credentials), .. } = &source.kind else { continue };
        let Some(scope) = scope(location) else { continue };
        if found.iter().all(|other| other.scope != scope) {
            found.push(GitCredential {
                scope,
                username: credentials.username.clone(),
                password: credentials.password.clone(),
            });
        }
    }
    found
}

/// `scheme://host[:port]`. Over ssh nobody asks for a password.
fn scope(location: &str) -> Option<String> {
    let (scheme, rest) = location.split_once("://")?;
    let host = rest.split('/').next().filter(|host| !host.is_empty() && !host.contains('@'))?;
    matches!(scheme, "https" | "http").then(|| format!("{scheme}://{}", host.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_the_credentials_of_the_first_source_there() {
        let git = |location: &str, password: &str| serde_json::json!({"type": "GIT", "location": location, "credentials": {"username": "u", "password": password}});
        let other = |id: &str, location: &str, password: &str| {
            let mut source = git(location, password);
            source["sourceIdentifier"] = id.into();
            source
        };
        let job: JobSpec = serde_json::from_value(serde_json::json!({
            "id": "web:00000000-0000-0000-0000-000000000007", "buildNumber": 1, "initiator": "ada", "submittedAt": 0,
            "source": git("https://Git.example/a/b.git", "first"),
            "secondarySources": [
                other("x", "https://git.example/c", "second"),
                other("y", "https://git.example:8443/c", "third"),
                other("z", "ssh://git@git.example/c", "fourth"),
            ],
            "environment": {"image": "x"},
            "timeoutSeconds": 60, "queuedTimeoutSeconds": 60, "region": "eu-west-1", "account": "123456789012",
        }))
        .unwrap();
        let found: Vec<_> = of(&job).into_iter().map(|c| (c.scope, c.password.expose().to_owned())).collect();
        assert_eq!(
            found,
            [
                ("https://git.example".to_owned(), "first".to_owned()),
                ("https://git.example:8443".to_owned(), "third".to_owned())
            ]
        );
    }
}
