//! S3 sources: a ZIP, or a folder of objects.

use crate::error::Error;
use crate::fetcher::{Log, blocking};
use crate::options::Options;
use async_trait::async_trait;
use buildyard_artifacts::archive::zip_read;
use buildyard_artifacts::beneath::Root;
use buildyard_artifacts::entry_name::{self, Origin};
use buildyard_artifacts::transfer::download::{self, Remote};
use buildyard_artifacts::transfer::{self, ObjectName};
use futures::stream::{self, Stream, TryStreamExt};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectLocation {
    pub bucket: String,
    /// A key, or a prefix ending in '/': then every object below it is meant.
    pub key: String,
    /// Of a single object.
    pub version_id: Option<String>,
}

/// An object and leave to read it.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteObject {
    pub key: String,
    /// Presigned, for GET. Secret.
    pub url: String,
    pub size_bytes: u64,
}

impl fmt::Debug for RemoteObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteObject").field("key", &self.key).field("size_bytes", &self.size_bytes).finish()
    }
}

/// Part of a listing.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub objects: Vec<RemoteObject>,
    /// Where the next page begins; absent at the end.
    pub next: Option<String>,
}

/// Why there is no listing; the seam has repeated what was worth repeating.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ListError(pub String);

/// Who presigns downloads: the coordinator, for one lease.
#[async_trait]
pub trait ObjectUrls: Send + Sync {
    /// A page of the objects at a location, in order of their keys, from `after` (a page's `next`) on.
    async fn page(&self, location: &ObjectLocation, after: Option<&str>) -> Result<Page, ListError>;
}

/// One fetch of an S3 source.
pub(crate) struct Fetch<'a> {
    pub(crate) options: &'a Options,
    pub(crate) client: &'a reqwest::Client,
    pub(crate) urls: &'a dyn ObjectUrls,
    pub(crate) deadline: Instant,
    pub(crate) log: &'a Log<'a>,
}

impl Fetch<'_> {
    pub(crate) async fn run(&self, location: &str, version: Option<&str>, into: &Path) -> Result<(), Error> {
        let Some((bucket, key)) = location.split_once('/') else {
            return Err(Error::Invalid(format!("S3 location {location:?} has no key")));
        };
        let version_id = version.map(str::to_owned);
        let location = ObjectLocation { bucket: bucket.to_owned(), key: key.to_owned(), version_id };
        if key.ends_with('/') { self.folder(&location, into).await } else { self.archive(&location, into).await }
    }

    async fn archive(&self, location: &ObjectLocation, into: &Path) -> Result<(), Error> {
        let page = self.urls.page(location, None).await.map_err(listing)?;
        let name = format!("s3://{}/{}", location.bucket, location.key);
        let Some(object) = page.objects.into_iter().find(|object| object.key == location.key) else {
            return Err(Error::Unusable(format!("there is no object {name}; a folder's location ends with '/'")));
        };
        if object.size_bytes > self.options.objects.total_bytes {
            let limit = self.options.objects.total_bytes;
            return Err(Error::Unusable(format!("{name} is larger than the {limit} bytes this agent allows")));
        }
        (self.log)(format!("Downloading {name} ({} bytes)", object.size_bytes));
        let scratch = tempfile::tempdir_in(self.options.state.join("tmp")).map_err(Error::file(&self.options.state))?;
        let root = Arc::new(Root::open(scratch.path()).map_err(Error::file(scratch.path()))?);
        let remote = remote(&location.bucket, object);
        download::to_file(&remote, &root, Path::new("source.zip"), &self.download_options()).await?;
        let (limits, into) = (self.options.archive, into.to_owned());
        let unpacked = blocking(move |cancel| {
            let archive = root.read(Path::new("source.zip")).map_err(Error::file("source.zip"))?;
            if !zip_read::is_zip(&archive).map_err(Error::file("source.zip"))? {
                let next = "give the key of a ZIP, or a folder with a '/' at its end";
                return Err(Error::Unusable(format!("{name} is not a ZIP: {next}")));
            }
            Ok(zip_read::unpack(archive, &into, &limits, cancel)?)
        })
        .await?;
        (self.log)(format!("Unpacked {} files ({} bytes)", unpacked.files, unpacked.bytes));
        Ok(())
    }

    async fn folder(&self, location: &ObjectLocation, into: &Path) -> Result<(), Error> {
        (self.log)(format!("Downloading s3://{}/{}", location.bucket, location.key));
        let root = Arc::new(Root::open(into).map_err(Error::file(into))?);
        let files = self.objects_of(location).try_filter_map(|object| {
            let judged = self.place(location, object, &root);
            std::future::ready(judged)
        });
        let done = download::to_directory(files, &root, &self.download_options()).await?;
        if done.files == 0 && into.read_dir().map_err(Error::file(into))?.next().is_none() {
            return Err(Error::Unusable(format!("there is nothing at s3://{}/{}", location.bucket, location.key)));
        }
        (self.log)(format!("Downloaded {} files ({} bytes)", done.files, done.bytes));
        Ok(())
    }

    /// Where an object goes; a folder's own marker object becomes a directory.
    fn place(
        &self,
        location: &ObjectLocation,
        object: RemoteObject,
        root: &Root,
    ) -> Result<Option<(Remote, PathBuf)>, transfer::Error> {
        let invalid = |reason: &str| transfer::Error::List(format!("the key {:?} {reason}", object.key));
        let name = object.key.strip_prefix(&location.key).ok_or_else(|| invalid("is not in the folder asked for"))?;
        if name.split('/').rev().skip(1).any(str::is_empty) && !name.is_empty() {
            return Err(invalid("has an empty part"));
        }
        let path = entry_name::relative(name.as_bytes(), Origin::Unix).map_err(invalid)?;
        if name.is_empty() || name.ends_with('/') {
            if !path.as_os_str().is_empty() {
                root.create_directories(&path).map_err(|source| transfer::Error::File { path, source })?;
            }
            return Ok(None);
        }
        Ok(Some((remote(&location.bucket, object), path)))
    }

    /// Every object, page by page, within the limits.
    fn objects_of(
        &self,
        location: &ObjectLocation,
    ) -> impl Stream<Item = Result<RemoteObject, transfer::Error>> + Send {
        let limits = self.options.objects;
        let location = location.clone();
        let urls = self.urls;
        let pages = stream::try_unfold(Some(None::<String>), move |after| {
            let location = location.clone();
            async move {
                let Some(after) = after else { return Ok::<_, transfer::Error>(None) };
                let page = urls.page(&location, after.as_deref()).await.map_err(listing)?;
                // A page that begins where it ends would be asked for forever.
                let next = page.next.filter(|next| !next.is_empty() && Some(next) != after.as_ref());
                Ok(Some((stream::iter(page.objects.into_iter().map(Ok)), next.map(Some))))
            }
        });
        let (mut count, mut bytes) = (0_u64, 0_u64);
        pages.try_flatten().and_then(move |object: RemoteObject| {
            count += 1;
            bytes = bytes.saturating_add(object.size_bytes);
            let within = count <= limits.count && bytes <= limits.total_bytes;
            let reason = || format!("more than {} objects or {} bytes", limits.count, limits.total_bytes);
            std::future::ready(if within { Ok(object) } else { Err(transfer::Error::List(reason())) })
        })
    }

    fn download_options(&self) -> download::Options {
        let (client, connections) = (self.client.clone(), self.options.connections);
        download::Options { client, connections, deadline: self.deadline, on_progress: None }
    }
}

fn remote(bucket: &str, object: RemoteObject) -> Remote {
    let RemoteObject { key, url, size_bytes } = object;
    Remote { object: ObjectName { bucket: bucket.to_owned(), key }, url, size_bytes }
}

fn listing(error: ListError) -> transfer::Error {
    transfer::Error::List(error.0)
}

#[cfg(test)]
mod tests;
