//! The one entry point: judges a source and hands it to what fetches its kind.

use crate::error::Error;
use crate::git::{self, Mirrors};
use crate::local;
use crate::object::{self, ObjectUrls};
use crate::options::Options;
use buildyard_model::{Source, SourceKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Takes lines for the build's log. Called now and then, from one task; must not block.
pub type Log<'a> = dyn Fn(String) + Send + Sync + 'a;

/// What was fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The commit id of a git source; absent for others (reference 4.2).
    pub resolved_version: Option<String>,
}

/// Fetches sources for one agent. Cheap to clone; several fetches may run at once.
#[derive(Debug, Clone)]
pub struct Fetcher {
    options: Arc<Options>,
    mirrors: Arc<Mirrors>,
    client: reqwest::Client,
}

impl Fetcher {
    /// Prepares the state directory. Blocking, for a moment.
    ///
    /// # Errors
    /// When the directory cannot be written or TLS cannot be set up.
    pub fn new(options: Options) -> Result<Self, Error> {
        git::prepare_state(&options)?;
        let client = buildyard_artifacts::transfer::http_client()?;
        Ok(Self { mirrors: Arc::new(Mirrors::new(&options.state)), options: Arc::new(options), client })
    }

    /// Fetches `source` into the directory `into`, which is made if it is missing and must be empty. After an error
    /// it may hold part of the source. Dropping the future ends every process it started.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch(
        &self,
        source: &Source,
        into: &Path,
        objects: &dyn ObjectUrls,
        log: &Log<'_>,
    ) -> Result<Fetched, Error> {
        if let Some(problem) = source.problem() {
            return Err(Error::Invalid(problem));
        }
        std::fs::create_dir_all(into).map_err(Error::file(into))?;
        if into.read_dir().map_err(Error::file(into))?.next().is_some() {
            return Err(Error::file(into)(std::io::Error::other("the directory for the source is not empty")));
        }
        let deadline = Instant::now() + self.options.timeout;
        let work = self.dispatch(source, into, objects, log, deadline);
        tokio::time::timeout_at(deadline, work).await.unwrap_or(Err(Error::TimedOut(self.options.timeout)))
    }

    async fn dispatch(
        &self,
        source: &Source,
        into: &Path,
        objects: &dyn ObjectUrls,
        log: &Log<'_>,
        deadline: Instant,
    ) -> Result<Fetched, Error> {
        let version = source.version.as_deref().filter(|version| !version.is_empty());
        match &source.kind {
            SourceKind::None => Ok(Fetched::default()),
            SourceKind::Local { path } => {
                local::fetch(path, &self.options.allowed_local, into, log).await?;
                Ok(Fetched::default())
            }
            SourceKind::S3 { location } => {
                let fetch =
                    object::Fetch { options: &self.options, client: &self.client, urls: objects, deadline, log };
                fetch.run(location, version, into).await?;
                Ok(Fetched::default())
            }
            SourceKind::Git { location, depth, submodules, credentials } => {
                let order = git::Order { location, version, depth: *depth, submodules: *submodules };
                let context = git::Context::new(&self.options, &self.client, credentials.as_ref(), location, log);
                let commit = git::fetch(&context, &self.mirrors, &order, into).await?;
                Ok(Fetched { resolved_version: Some(commit) })
            }
        }
    }

    /// Runs git once, for an agent that starts: answers its version, such as `2.47.3`.
    ///
    /// # Errors
    /// When git is missing or older than what this crate relies on.
    pub async fn check_git(&self) -> Result<String, Error> {
        let quiet = |_: String| {};
        git::check_version(&git::Context::new(&self.options, &self.client, None, "", &quiet)).await
    }

    /// Whether a mirror of the repository is kept here, so that a build of it starts sooner.
    pub fn holds(&self, location: &str) -> bool {
        self.mirrors.holds(location)
    }

    /// Removes the mirrors that were not used for `keep_for`, and then those used longest ago until the rest takes at most
    /// `keep_bytes`; those in use stay. Returns the bytes removed.
    ///
    /// # Errors
    /// When the state directory cannot be read.
    pub async fn prune(&self, keep_bytes: u64, keep_for: Duration) -> Result<u64, Error> {
        let mirrors = Arc::clone(&self.mirrors);
        blocking(move |_| mirrors.prune(keep_bytes, keep_for)).await
    }
}

/// Runs file access on a thread that may block; the token is cancelled when the caller is dropped.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&CancellationToken) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let cancel = CancellationToken::new();
    let _cancel_on_drop = cancel.clone().drop_guard();
    let joined = tokio::task::spawn_blocking(move || work(&cancel)).await;
    joined.unwrap_or_else(|error| Err(Error::file("")(std::io::Error::other(error))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{ListError, ObjectLocation, Page};

    struct NoObjects;

    #[async_trait::async_trait]
    impl ObjectUrls for NoObjects {
        async fn page(&self, _: &ObjectLocation, _: Option<&str>) -> Result<Page, ListError> {
            Err(ListError("there are no objects".to_owned()))
        }
    }

    async fn fetch(base: &Path, kind: SourceKind) -> Result<Fetched, Error> {
        let mut options = Options::new(base.join("state"));
        options.allowed_local = vec![base.join("home")];
        let source = Source { kind, version: None };
        Fetcher::new(options)?.fetch(&source, &base.join("into"), &NoObjects, &|_| {}).await
    }

    #[tokio::test]
    async fn a_missing_git_is_named() {
        let base = tempfile::tempdir().unwrap();
        let options = |git: &str| Options { git: git.into(), ..Options::new(base.path()) };
        assert!(Fetcher::new(options("git")).unwrap().check_git().await.unwrap().starts_with('2'));
        let error = Fetcher::new(options("/nonexistent/git")).unwrap().check_git().await.unwrap_err();
        assert!(error.to_string().contains("/nonexistent/git"), "{error}");
    }

    #[tokio::test]
    async fn no_source_is_an_empty_directory() {
        let base = tempfile::tempdir().unwrap();
        assert_eq!(fetch(base.path(), SourceKind::None).await.unwrap(), Fetched::default());
        assert!(base.path().join("into").read_dir().unwrap().next().is_none());
    }

    #[tokio::test]
    async fn a_local_directory_is_copied_as_it_is() {
        let base = tempfile::tempdir().unwrap();
        let project = base.path().join("home/project");
        std::fs::create_dir_all(project.join(".git")).unwrap();
        std::fs::write(project.join("buildspec.yml"), "version: 0.2").unwrap();
        let path = project.to_str().unwrap().to_owned();
        fetch(base.path(), SourceKind::Local { path }).await.unwrap();
        assert!(base.path().join("into/buildspec.yml").is_file() && base.path().join("into/.git").is_dir());
    }

    #[tokio::test]
    async fn what_is_not_well_formed_or_not_allowed_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let local = |path: &str| SourceKind::Local { path: path.to_owned() };
        assert!(matches!(fetch(base.path(), local("relative")).await, Err(Error::Invalid(_))));
        assert!(matches!(fetch(base.path(), local("/etc")).await, Err(Error::NotAllowed(_))));
        std::fs::write(base.path().join("into/mine"), "").unwrap();
        assert!(matches!(fetch(base.path(), SourceKind::None).await, Err(Error::File { .. })));
    }
}
