//! A place with upstream repositories, a fetcher and its log.

use crate::object::{ListError, ObjectLocation, ObjectUrls, Page};
use crate::{Error, Fetched, Fetcher, Options};
use async_trait::async_trait;
use buildyard_model::{GitCredentials, Source, SourceKind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// For sources that have no objects.
pub(crate) struct NoObjects;

#[async_trait]
impl ObjectUrls for NoObjects {
    async fn page(&self, _: &ObjectLocation, _: Option<&str>) -> Result<Page, ListError> {
        Err(ListError("there are no objects".to_owned()))
    }
}

pub(super) struct Yard {
    base: tempfile::TempDir,
    pub(super) fetcher: Fetcher,
    pub(super) log: Mutex<Vec<String>>,
    workspaces: AtomicUsize,
}

/// What a test asks for, less what it does not care about.
#[derive(Default)]
pub(super) struct Ask<'a> {
    pub(super) version: Option<&'a str>,
    pub(super) depth: u32,
    pub(super) submodules: bool,
    pub(super) credentials: Option<GitCredentials>,
}

impl Yard {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let base = tempfile::tempdir().unwrap();
        let upstream = base.path().join("upstream");
        std::fs::create_dir(&upstream).unwrap();
        let mut options = Options::new(base.path().join("state"));
        options.allowed_local = vec![upstream];
        options.allow_http = true;
        options.allow_loopback = true;
        options.environment = vec![("PATH".to_owned(), std::env::var("PATH").unwrap())];
        change(&mut options);
        let fetcher = Fetcher::new(options).unwrap();
        Self { base, fetcher, log: Mutex::default(), workspaces: AtomicUsize::new(0) }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    /// A repository with one commit on `main`.
    pub(super) fn upstream(&self, name: &str) -> Upstream {
        let path = self.path("upstream").join(name);
        std::fs::create_dir_all(&path).unwrap();
        let upstream = Upstream { path };
        upstream.git(&["init", "--quiet", "--initial-branch=main"]);
        upstream.commit("README", "hello");
        upstream
    }

    pub(super) async fn fetch(&self, location: &str, ask: Ask<'_>) -> Result<(PathBuf, Fetched), Error> {
        let number = self.workspaces.fetch_add(1, Ordering::Relaxed);
        let into = self.path(&format!("workspace{number}/src"));
        let Ask { version, depth, submodules, credentials } = ask;
        let kind = SourceKind::Git { location: location.to_owned(), depth, submodules, credentials };
        let source = Source { kind, version: version.map(str::to_owned) };
        let log = |line: String| self.log.lock().unwrap().push(line);
        let fetched = self.fetcher.fetch(&source, &into, &NoObjects, &log).await?;
        Ok((into, fetched))
    }

    /// Fetches a version and answers the workspace and the commit.
    pub(super) async fn at(&self, upstream: &Upstream, version: &str) -> Result<(PathBuf, String), Error> {
        let ask = Ask { version: Some(version).filter(|version| !version.is_empty()), ..Ask::default() };
        let (into, fetched) = self.fetch(&upstream.location(), ask).await?;
        Ok((into, fetched.resolved_version.unwrap()))
    }

    pub(super) fn mirrors(&self) -> Vec<PathBuf> {
        let entries = self.path("state/mirrors").read_dir().unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "git")).collect()
    }

    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

pub(super) struct Upstream {
    pub(super) path: PathBuf,
}

impl Upstream {
    pub(super) fn location(&self) -> String {
        self.path.to_str().unwrap().to_owned()
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git(&self.path, arguments)
    }

    /// Commits one file and answers the commit.
    pub(super) fn commit(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path.join(name), text).unwrap();
        self.git(&["add", "--", name]);
        self.commit_index(name)
    }

    pub(super) fn commit_index(&self, message: &str) -> String {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}

/// Runs git as a user would, and answers its output.
pub(super) fn git(directory: &Path, arguments: &[&str]) -> String {
    let (output, succeeded) = try_git(directory, arguments);
    assert!(succeeded, "git {arguments:?}: {output}");
    output
}

pub(super) fn try_git(directory: &Path, arguments: &[&str]) -> (String, bool) {
    let output = Command::new("git")
        .current_dir(directory)
        .args(["-c", "protocol.file.allow=always", "-c", "user.name=t", "-c", "user.email=t@t"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&text).trim().to_owned(), output.status.success())
}

/// Every file below a directory that holds the bytes.
pub(super) fn files_holding(directory: &Path, needle: &str) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(directory).into_iter().map(Result::unwrap);
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    files.map(walkdir::DirEntry::into_path).filter(|path| path.is_file() && holds(path)).collect()
}
