//! The seams: what the service needs of storage.

use async_trait::async_trait;
use bytes::Bytes;
use std::time::Duration;

/// Most bytes that `Objects::get` reads; larger objects are for `Transfers`.
pub const WHOLE_OBJECT_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why storage could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such bucket, object or upload.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The credentials or the policy do not allow it.
    #[error("{0}")]
    Denied(String),
    /// Storage does not answer or answers with a passing failure; trying again later may help.
    #[error("{0}")]
    Unavailable(String),
    /// Storage says that the request is wrong.
    #[error("{0}")]
    Refused(String),
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    pub key: String,
    pub size_bytes: u64,
}

/// A piece of a listing, in order of key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub objects: Vec<ObjectInfo>,
    /// Whether there is more behind the last.
    pub more: bool,
}

/// Whole small objects: log chunks, records of uploads.
#[async_trait]
pub trait Objects: Send + Sync + std::fmt::Debug {
    /// Stores an object; when this answers it is durable.
    async fn put(&self, bucket: &str, key: &str, body: Bytes) -> Result<(), Error>;
    async fn get(&self, bucket: &str, key: &str) -> Result<Bytes, Error>;
    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, Error>;
    /// Objects below a prefix, behind a key. At most 1000.
    async fn list(&self, bucket: &str, prefix: &str, after: &str) -> Result<Page, Error>;
    /// Deletes an object; one that is not there is success.
    async fn delete(&self, bucket: &str, key: &str) -> Result<(), Error>;
    /// Makes sure that the bucket is there; creates it where the credentials may.
    async fn ensure_bucket(&self, bucket: &str) -> Result<(), Error>;
}

/// Uploads in parts, and what lets others move bytes without holding credentials.
#[async_trait]
pub trait Transfers: Send + Sync + std::fmt::Debug {
    /// A URL for one GET.
    async fn presign_get(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        valid: Duration,
    ) -> Result<String, Error>;
    /// A URL for one PUT of a whole object.
    async fn presign_put(&self, bucket: &str, key: &str, valid: Duration) -> Result<String, Error>;
    /// Opens a multipart upload; nothing can be seen until it is completed. Metadata become `x-amz-meta-*`.
    async fn begin_upload(&self, bucket: &str, key: &str, metadata: &[(String, String)]) -> Result<String, Error>;
    /// URLs for the PUTs of parts 1..=parts.
    async fn presign_parts(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        parts: u32,
        valid: Duration,
    ) -> Result<Vec<String>, Error>;
    /// Stores part `number` (from 1) of an upload and gives its etag. Every part but the last has 5 MiB or more.
    async fn put_part(&self, bucket: &str, key: &str, upload: &str, number: u32, body: Bytes) -> Result<String, Error>;
    /// Makes the object visible, whole and durable. Completing again after success gives NotFound.
    async fn complete_upload(&self, bucket: &str, key: &str, upload: &str, etags: &[String]) -> Result<(), Error>;
    /// Drops an upload; one that is not there is success.
    async fn abort_upload(&self, bucket: &str, key: &str, upload: &str) -> Result<(), Error>;
}
