//! What git said when it failed, and what a person can do about it.

use crate::error::Error;

/// One run of git that did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Git ended with an error. The text is redacted.
    Said(String),
    /// Git could not be run, or answered without bounds.
    Broken(Error),
}

impl Failure {
    /// The server wants the client to go elsewhere.
    pub(crate) fn is_redirect(&self) -> bool {
        const CODES: [&str; 4] = ["301", "302", "307", "308"];
        self.text().is_some_and(|text| CODES.iter().any(|code| text.contains(&format!("returned error: {code}"))))
    }

    /// What the server does not have, or does not give by its id.
    pub(crate) fn is_unavailable_object(&self) -> bool {
        let signs = ["not our ref", "unadvertised object", "couldn't find remote ref", "remote error: upload-pack"];
        self.text().is_some_and(|text| signs.iter().any(|sign| text.contains(sign)))
    }

    /// See [`speaks_of_damage`].
    pub(crate) fn is_local_damage(&self) -> bool {
        self.text().is_some_and(speaks_of_damage)
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Said(text) => Some(text),
            Self::Broken(_) => None,
        }
    }

    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Said(text) => Error::Git { next_step: next_step(&text), text },
            Self::Broken(error) => error,
        }
    }
}

/// Whether git found the mirror itself damaged: a crash of the host, or a full disk, at the wrong moment. It may fetch
/// around the damage and succeed, but the workspace would inherit it.
pub(crate) fn speaks_of_damage(text: &str) -> bool {
    const SIGNS: [&str; 11] = [
        "is corrupt",
        "object file is empty",
        "bad object refs/",
        "unable to read sha1 file",
        "index file",
        "packfile",
        "not a git repository: ",
        "did not send all necessary objects",
        "does not point to a valid object",
        "bad signature",
        "unresolved deltas",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// What to do, by what git said. The first that fits counts.
fn next_step(text: &str) -> &'static str {
    const STEPS: [(&str, &str); 16] = [
        ("Authentication failed", "check the credentials of the source"),
        ("could not read Username", "the server wants credentials: add them to the source"),
        ("could not read Password", "the server wants a password or token: add it to the source"),
        ("returned error: 403", "check that the credentials may read the repository"),
        ("returned error: 404", "check the repository's URL, and that the credentials may read it"),
        ("Repository not found", "check the repository's URL, and that the credentials may read it"),
        ("Could not resolve host", "check the repository's URL and the agent's name resolution"),
        ("Host key verification failed", "add the server's key to the agent's known_hosts file"),
        ("Permission denied (publickey", "check the agent's ssh key and that the server knows it"),
        ("couldn't find remote ref", "check the source version: there is no such branch, tag or commit"),
        ("short commit id", "give more digits of the commit's id, or all 40"),
        ("not our ref", "check the source version: the server does not give this commit"),
        ("dubious ownership", "the repository belongs to another user of the agent's host: change its owner"),
        ("certificate", "check the server's certificate and the agent's certificate store"),
        ("fsck error", "the repository holds objects that git refuses: repair its history"),
        ("No space left on device", "make room on the agent's disk"),
    ];
    STEPS
        .iter()
        .find(|(sign, _)| text.contains(sign))
        .map_or("check the repository's URL and the agent's network, then retry the build", |(_, step)| step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart_by_gits_own_words() {
        let said = |text: &str| Failure::Said(text.to_owned());
        assert!(said("fatal: unable to access 'x': The requested URL returned error: 302").is_redirect());
        assert!(!said("The requested URL returned error: 404").is_redirect());
        assert!(said("fatal: remote error: upload-pack: not our ref 1234").is_unavailable_object());
        assert!(said("error: object file is empty").is_local_damage());
        assert!(next_step("fatal: Authentication failed for 'https://h/x'").contains("credentials"));
        assert!(next_step("something else").contains("retry"));
    }
}
