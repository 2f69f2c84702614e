//! What an agent's config says about sources.

use buildyard_artifacts::archive::zip_read;
use std::path::PathBuf;
use std::time::Duration;

/// How sources are fetched. Paths are absolute.
#[derive(Debug, Clone)]
pub struct Options {
    /// Kept between builds: git's mirrors and settings. Made if it is missing; belongs to one user.
    pub state: PathBuf,
    /// The git program; 2.37 or later, for addresses to be pinned.
    pub git: PathBuf,
    /// Directories beneath which local sources and local repositories may lie. Empty: none are allowed.
    pub allowed_local: Vec<PathBuf>,
    /// Whether `http://` repositories are allowed: nothing protects them, or the credentials, on the way.
    pub allow_http: bool,
    /// Whether repositories on the agent's own host are allowed by network (127.0.0.1, ::1).
    pub allow_loopback: bool,
    /// Without it `ssh://` repositories are not allowed: the agent's own keys are never used by accident.
    pub ssh: Option<Ssh>,
    /// The longest that fetching one source may take.
    pub timeout: Duration,
    /// Parallel requests for the objects of an S3 folder.
    pub connections: usize,
    /// For S3 ZIPs.
    pub archive: zip_read::Limits,
    /// For S3 folders, and the size of a ZIP.
    pub objects: ObjectLimits,
    /// For git submodules.
    pub submodules: SubmoduleLimits,
    /// Passed on to git, beside what this crate sets: proxies and certificate stores.
    pub environment: Vec<(String, String)>,
}

/// How repositories are reached by ssh.
#[derive(Debug, Clone)]
pub struct Ssh {
    /// Host keys: a host that is not in it is refused.
    pub known_hosts: PathBuf,
    /// A private key without a passphrase.
    pub identity: Option<PathBuf>,
}

/// What an S3 source may cost.
#[derive(Debug, Clone, Copy)]
pub struct ObjectLimits {
    /// Objects in a folder.
    pub count: u64,
    /// Bytes of all of them.
    pub total_bytes: u64,
}

/// How far submodules of submodules are followed.
#[derive(Debug, Clone, Copy)]
pub struct SubmoduleLimits {
    /// Levels below the repository itself.
    pub depth: usize,
    /// Of one source.
    pub count: usize,
}

impl Options {
    /// The defaults for a state directory: https and nothing else.
    pub fn new(state: impl Into<PathBuf>) -> Self {
        Self {
            state: state.into(),
            git: PathBuf::from("git"),
            allowed_local: Vec::new(),
            allow_http: false,
            allow_loopback: false,
            ssh: None,
            timeout: Duration::from_secs(3600),
            connections: 8,
            // A source is taken as it is, links to the image's own files included; nobody follows them on the host.
            archive: zip_read::Limits { outward_links: true, ..zip_read::Limits::default() },
            objects: ObjectLimits { count: 1_000_000, total_bytes: 100 << 30 },
            submodules: SubmoduleLimits { depth: 8, count: 200 },
            environment: Vec::new(),
        }
    }
}

/// What of this process's environment is worth passing on to git: `PATH`, proxies, certificate stores.
pub fn passed_environment() -> Vec<(String, String)> {
    const NAMES: [&str; 12] = [
        "PATH",
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "GIT_SSL_CAINFO",
    ];
    NAMES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect()
}
