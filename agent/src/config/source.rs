//! `[git]`: how git sources are fetched.

use super::Span;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// The `[git]` section. Repositories are reached by https; what else is allowed is said here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GitConfig {
    /// The git program.
    pub program: PathBuf,
    /// Whether `http://` repositories are allowed: nothing protects them, or their credentials, on the way.
    pub allow_http: bool,
    /// Whether repositories that this host itself serves (127.0.0.1) are allowed.
    pub allow_loopback: bool,
    /// Keys of the hosts that `ssh://` repositories may be fetched from. Without it none is.
    pub known_hosts: Option<PathBuf>,
    /// A private key, without a passphrase, for `ssh://` repositories.
    pub ssh_key: Option<PathBuf>,
    /// How long fetching one source may take.
    pub timeout: Span,
}

impl Default for GitConfig {
    fn default() -> Self {
        Self {
            program: PathBuf::from("git"),
            allow_http: false,
            allow_loopback: false,
            known_hosts: None,
            ssh_key: None,
            timeout: Span(Duration::from_secs(3600)),
        }
    }
}
