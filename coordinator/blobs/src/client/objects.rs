//! Foreign storage behind the seam `Objects`.

use super::S3Client;
use super::failure::{failure, is_absent};
use crate::seam::{Error, ObjectInfo, Objects, Page, WHOLE_OBJECT_MAX_BYTES};
use async_trait::async_trait;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Object};
use bytes::Bytes;

const PAGE: i32 = 1000;

#[async_trait]
impl Objects for S3Client {
    async fn put(&self, bucket: &str, key: &str, body: Bytes) -> Result<(), Error> {
        let put = self.client.put_object().bucket(bucket).key(self.key(key)).body(body.into());
        put.send().await.map_err(|error| failure(&format!("object {key}"), &error))?;
        Ok(())
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Bytes, Error> {
        let what = format!("object {key}");
        let got = self.client.get_object().bucket(bucket).key(self.key(key)).send().await;
        let object = got.map_err(|error| failure(&what, &error))?;
        let size = size(object.content_length());
        if size > WHOLE_OBJECT_MAX_BYTES {
            return Err(Error::Refused(format!("{what} has {size} bytes, too many to be read at once")));
        }
        let body =
            object.body.collect().await.map_err(|error| Error::Unavailable(format!("{what} broke off: {error}")))?;
        Ok(body.into_bytes())
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, Error> {
        let head = self.client.head_object().bucket(bucket).key(self.key(key)).send().await;
        let head = head.map_err(|error| failure(&format!("object {key}"), &error))?;
        Ok(ObjectInfo { key: key.to_owned(), size_bytes: size(head.content_length()) })
    }

    async fn list(&self, bucket: &str, prefix: &str, after: &str) -> Result<Page, Error> {
        let mut list = self.client.list_objects_v2().bucket(bucket).prefix(self.key(prefix)).max_keys(PAGE);
        if !after.is_empty() {
            list = list.start_after(self.key(after));
        }
        let page = list.send().await.map_err(|error| failure(&format!("bucket {bucket}"), &error))?;
        let info = |object: &Object| {
            let key = object.key()?.strip_prefix(&self.prefix)?.to_owned();
            Some(ObjectInfo { key, size_bytes: size(object.size()) })
        };
        Ok(Page {
            objects: page.contents().iter().filter_map(info).collect(),
            more: page.is_truncated().unwrap_or_default(),
        })
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), Error> {
        match self.client.delete_object().bucket(bucket).key(self.key(key)).send().await {
            Err(error) if !is_absent(&error) => Err(failure(&format!("object {key}"), &error)),
            _ => Ok(()),
        }
    }

    async fn ensure_bucket(&self, bucket: &str) -> Result<(), Error> {
        let what = format!("bucket {bucket}");
        let head = self.client.head_bucket().bucket(bucket).send().await;
        match head.map_err(|error| failure(&what, &error)) {
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        }
        let mut create = self.client.create_bucket().bucket(bucket);
        if let Some(location) = &self.location {
            let location = BucketLocationConstraint::from(location.as_str());
            create = create.create_bucket_configuration(
                CreateBucketConfiguration::builder().location_constraint(location).build(),
            );
        }
        match create.send().await {
            // Somebody else was quicker.
            Err(error) if error.code() == Some("BucketAlreadyOwnedByYou") => Ok(()),
            Err(error) => Err(failure(&what, &error)),
            Ok(_) => Ok(()),
        }
    }
}

fn size(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default()
}
