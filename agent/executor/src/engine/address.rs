//! Where an engine may be listening, in the order of trying. Pure but for `Surroundings::read`; connecting is `link`'s.

use std::fmt;
use std::path::{Path, PathBuf};

/// An engine's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Unix(PathBuf),
    /// `host:port`, without TLS.
    Tcp(String),
}

impl Address {
    /// Reads `unix:///path`, `/path`, `tcp://host:port` or `http://host:port`; an error says what to write instead.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("unix://").unwrap_or(text);
        if path.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        match text.strip_prefix("tcp://").or_else(|| text.strip_prefix("http://")) {
            Some(host) if !host.is_empty() => Ok(Self::Tcp(host.trim_end_matches('/').to_owned())),
            _ => Err(format!(
                "engine address {text:?} is not supported: write unix:///path/to.sock or tcp://host:port \
                 (for ssh or TLS, forward the engine's socket to a local one)"
            )),
        }
    }

    /// The socket's path, if the engine is on this host.
    pub(super) fn socket(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => Some(path),
            Self::Tcp(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(host) => write!(f, "tcp://{host}"),
        }
    }
}

/// What of the agent's own environment decides where engines are looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    /// `DOCKER_HOST`, else `CONTAINER_HOST`, which is Podman's.
    pub(super) host_variable: Option<String>,
    /// `XDG_RUNTIME_DIR`.
    pub(super) runtime_directory: Option<PathBuf>,
    pub(super) uid: u32,
}

impl Surroundings {
    pub(super) fn read() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            host_variable: text("DOCKER_HOST").or_else(|| text("CONTAINER_HOST")),
            runtime_directory: text("XDG_RUNTIME_DIR").map(PathBuf::from),
            uid: rustix::process::geteuid().as_raw(),
        }
    }
}

/// The addresses to try. A configured one, or one from the environment, is the only one: falling back to another engine
/// would run builds where nobody expects them.
pub(super) fn candidates(configured: Option<&str>, surroundings: &Surroundings) -> Result<Vec<Address>, String> {
    if let Some(text) = configured.or(surroundings.host_variable.as_deref()) {
        return Ok(vec![Address::parse(text)?]);
    }
    let uid = surroundings.uid;
    let user = surroundings.runtime_directory.clone().unwrap_or_else(|| PathBuf::from(format!("/run/user/{uid}")));
    let system = ["/var/run/docker.sock", "/run/podman/podman.sock"].map(PathBuf::from);
    let rootless = ["docker.sock", "podman/podman.sock"].map(|socket| user.join(socket));
    let ordered = if uid == 0 { [system, rootless] } else { [rootless, system] };
    Ok(ordered.into_iter().flatten().map(Address::Unix).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(configured: Option<&str>, surroundings: &Surroundings) -> Vec<String> {
        candidates(configured, surroundings).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_configured_engine_is_the_only_one_tried() {
        let surroundings = Surroundings { host_variable: Some("tcp://other:2375".into()), ..Default::default() };
        assert_eq!(texts(Some("/tmp/engine.sock"), &surroundings), ["unix:///tmp/engine.sock"]);
        assert_eq!(texts(None, &surroundings), ["tcp://other:2375"]);
    }

    #[test]
    fn root_looks_for_system_engines_first_and_others_for_their_own() {
        let root = texts(None, &Surroundings::default());
        assert_eq!(root[..2], ["unix:///var/run/docker.sock", "unix:///run/podman/podman.sock"]);
        let user = texts(None, &Surroundings { uid: 1000, ..Default::default() });
        assert_eq!(user[..2], ["unix:///run/user/1000/docker.sock", "unix:///run/user/1000/podman/podman.sock"]);
    }

    #[test]
    fn an_address_that_cannot_be_dialled_says_what_to_write() {
        for text in ["ssh://host", "https://host", "docker", "tcp://"] {
            assert!(Address::parse(text).unwrap_err().contains("unix:///path/to.sock"), "{text}");
        }
    }
}
