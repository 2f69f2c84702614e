//! Where the buildspec comes from (reference 1.1), and what is wrong with it.

use super::halt::Halt;
use super::layout::Layout;
use crate::folder::Folder;
use crate::transfers::Transfers;
use crate::voice::Voice;
use buildyard_artifacts::beneath::Root;
use buildyard_artifacts::transfer::ObjectName;
use buildyard_artifacts::transfer::download::{self, Remote};
use buildyard_buildspec::{Buildspec, YAML_FILE_ERROR};
use buildyard_model::{BuildspecOrigin, JobSpec, PhaseContext};
use buildyard_source::{ObjectLocation, ObjectUrls};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a file buildspec is called by default.
const DEFAULT_NAME: &str = "buildspec.yml";
/// Longer files are refused by the parser; a little more is read, so that it says so.
const READ_BYTES: u64 = 16 << 20;
const DOWNLOAD_WITHIN: Duration = Duration::from_secs(120);

/// Everything that finding a buildspec needs.
pub(super) struct Origin<'a> {
    pub job: &'a JobSpec,
    pub folder: &'a Folder,
    pub layout: &'a Layout,
    /// The primary source, relative to the workspace.
    pub source: PathBuf,
    pub transfers: &'a Transfers,
    pub http: &'a reqwest::Client,
    pub intro: &'a Voice,
}

impl Origin<'_> {
    /// Reads and parses it, and says where it lies.
    pub(super) async fn read(&self) -> Result<Buildspec, Halt> {
        let bytes = match &self.job.buildspec {
            BuildspecOrigin::Inline(text) => self.place(text.as_bytes())?,
            BuildspecOrigin::S3(location) => self.place(&self.download(location).await?)?,
            BuildspecOrigin::Default => self.file(Path::new(DEFAULT_NAME))?,
            BuildspecOrigin::Path(path) => self.file(Path::new(path))?,
        };
        buildyard_buildspec::parse_bytes(&bytes).map_err(|error| {
            self.intro.show(&error.diagnostic());
            Halt::Failed(PhaseContext::new(error.code(), error.to_string()))
        })
    }

    /// Puts a buildspec that is not part of the source where the build can see it.
    fn place(&self, bytes: &[u8]) -> Result<Vec<u8>, Halt> {
        let located = self.layout.readonly.join(DEFAULT_NAME);
        self.intro.say(&format!("YAML location is {}", located.display()));
        let path = self.folder.readonly().join(DEFAULT_NAME);
        std::fs::write(path, bytes).map_err(|error| Halt::disk("write the buildspec", &error))?;
        Ok(bytes.to_vec())
    }

    fn file(&self, path: &Path) -> Result<Vec<u8>, Halt> {
        let seen = self.layout.output.join(&self.source).join(path);
        let inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside {
            return Err(invalid(format!("the buildspec's path {} leads out of the source", path.display())));
        }
        let root = self.folder.workspace().join(&self.source);
        let bytes = read_within(&root, path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => invalid(format!("stat {}: no such file or directory", seen.display())),
            _ => invalid(format!("read {}: {error}", seen.display())),
        })?;
        self.intro.say(&format!("YAML location is {}", seen.display()));
        Ok(bytes)
    }

    async fn download(&self, location: &str) -> Result<Vec<u8>, Halt> {
        let refused = |reason: String| invalid(format!("the buildspec s3://{location} cannot be read: {reason}"));
        let (bucket, key) = location.split_once('/').ok_or_else(|| refused("it names no key".to_owned()))?;
        let wanted = ObjectLocation { bucket: bucket.to_owned(), key: key.to_owned(), version_id: None };
        let page = self.transfers.page(&wanted, None).await.map_err(|error| refused(error.to_string()))?;
        let object = page.objects.into_iter().find(|object| object.key == key);
        let object = object.ok_or_else(|| refused("there is no such object".to_owned()))?;
        if object.size_bytes > READ_BYTES {
            return Err(refused(format!("it has {} bytes", object.size_bytes)));
        }
        let root = Arc::new(Root::open(&self.folder.readonly()).map_err(|error| Halt::disk("open a folder", &error))?);
        let name = ObjectName { bucket: bucket.to_owned(), key: key.to_owned() };
        let remote = Remote { object: name, url: object.url, size_bytes: object.size_bytes };
        let options = download::Options {
            client: self.http.clone(),
            connections: 1,
            deadline: Instant::now() + DOWNLOAD_WITHIN,
            on_progress: None,
        };
        let path = Path::new(DEFAULT_NAME);
        download::to_file(&remote, &root, path, &options).await.map_err(|error| refused(error.to_string()))?;
        std::fs::read(self.folder.readonly().join(path)).map_err(|error| Halt::disk("read the buildspec", &error))
    }
}

/// Reads a file of the source. Links within the source are followed; nothing of the build runs yet that could change
/// them meanwhile.
fn read_within(root: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let root = root.canonicalize()?;
    let found = root.join(path).canonicalize()?;
    if !found.starts_with(&root) {
        return Err(io::Error::other("it is a link that leads out of the source"));
    }
    if !found.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(found)?.take(READ_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn invalid(message: String) -> Halt {
    Halt::Failed(PhaseContext::new(YAML_FILE_ERROR, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buildspec_may_be_a_link_within_the_source_and_no_other() {
        let source = tempfile::tempdir().unwrap();
        let path = |name: &str| source.path().join(name);
        std::fs::write(path("real.yml"), "version: 0.2").unwrap();
        std::os::unix::fs::symlink("real.yml", path("linked.yml")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", path("stolen.yml")).unwrap();
        assert_eq!(read_within(source.path(), Path::new("linked.yml")).unwrap(), b"version: 0.2");
        let error = read_within(source.path(), Path::new("stolen.yml")).unwrap_err();
        assert!(error.to_string().contains("leads out of the source"), "{error}");
        assert_eq!(read_within(source.path(), Path::new("none.yml")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(read_within(source.path(), Path::new(".")).is_err());
    }
}
