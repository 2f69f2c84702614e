//! The embedded storage behind the seam `Objects`.

use super::Embedded;
use super::condition::Conditions;
use super::error::Error as StoreError;
use super::listing::{Item, Query};
use super::walk::Passed;
use super::write::{self, Put};
use crate::seam::{Error, ObjectInfo, Objects, Page, WHOLE_OBJECT_MAX_BYTES};
use async_trait::async_trait;
use bytes::Bytes;
use std::convert::Infallible;

/// Objects in a page (Amazon S3, ListObjectsV2).
const PAGE: usize = 1000;

#[async_trait]
impl Objects for Embedded {
    async fn put(&self, bucket: &str, key: &str, body: Bytes) -> Result<(), Error> {
        let body = futures::stream::iter([Ok::<_, Infallible>(body)]);
        write::put(&self.store, Put::plain(bucket, key), body).await?;
        Ok(())
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Bytes, Error> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.with_store(move |store| {
            let (entry, source) = store.open_object(&bucket, &key)?;
            if entry.size > WHOLE_OBJECT_MAX_BYTES {
                return Err(StoreError::BadRequest(format!(
                    "object {key} has {} bytes, too many to be read at once",
                    entry.size
                )));
            }
            Ok(source.read_all()?)
        })
        .await
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, Error> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.with_store(move |store| {
            let entry = store.entry(&bucket, &key)?;
            Ok(ObjectInfo { key, size_bytes: entry.size })
        })
        .await
    }

    async fn list(&self, bucket: &str, prefix: &str, after: &str) -> Result<Page, Error> {
        let (bucket, prefix, after) = (bucket.to_owned(), prefix.to_owned(), after.to_owned());
        self.with_store(move |store| {
            let passed = Passed::Key(after.into_bytes());
            let listing = store.list(&bucket, Query { prefix: &prefix, delimiter: "", passed, limit: PAGE })?;
            let info = |item| match item {
                Item::Object(key, entry) => Some(ObjectInfo { key, size_bytes: entry.size }),
                Item::Prefix(_) => None,
            };
            Ok(Page { objects: listing.items.into_iter().filter_map(info).collect(), more: listing.more })
        })
        .await
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), Error> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.with_store(move |store| store.delete(&bucket, &key, &Conditions::default())).await?;
        Ok(())
    }

    async fn ensure_bucket(&self, bucket: &str) -> Result<(), Error> {
        let bucket = bucket.to_owned();
        self.with_store(move |store| match store.require_bucket(&bucket).or_else(|_| store.create_bucket(&bucket)) {
            Err(StoreError::BucketExists(_)) => Ok(()),
            other => other,
        })
        .await
    }
}
