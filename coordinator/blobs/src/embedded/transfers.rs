//! The embedded storage behind the seam `Transfers`.

use super::Embedded;
use super::blob::Owner;
use super::entry::Attributes;
use super::presign::Signer;
use super::receive::Stated;
use super::store;
use super::upload::{Completion, Named, PARTS_MAX, Upload, put_part};
use crate::seam::{Error, Transfers};
use async_trait::async_trait;
use bytes::Bytes;
use std::convert::Infallible;
use std::sync::PoisonError;
use std::time::Duration;

#[async_trait]
impl Transfers for Embedded {
    async fn presign_get(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        valid: Duration,
    ) -> Result<String, Error> {
        store::check(bucket, key)?;
        if let Some(version) = version.filter(|version| *version != "null") {
            return Err(super::error::Error::NoVersion(version.to_owned()).into());
        }
        Ok(self.signer(valid)?.url("GET", bucket, key, &[]))
    }

    async fn presign_put(&self, bucket: &str, key: &str, valid: Duration) -> Result<String, Error> {
        store::check(bucket, key)?;
        Ok(self.signer(valid)?.url("PUT", bucket, key, &[]))
    }

    async fn begin_upload(&self, bucket: &str, key: &str, metadata: &[(String, String)]) -> Result<String, Error> {
        let metadata = metadata.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        let attributes = Attributes { metadata, ..Attributes::default() };
        let owner = owner(bucket, key);
        self.with_store(move |store| {
            let upload = Upload { owner, begun_ms: store.now().0, attributes, checksum: None };
            store.begin_upload(&upload)
        })
        .await
    }

    async fn presign_parts(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        parts: u32,
        valid: Duration,
    ) -> Result<Vec<String>, Error> {
        store::check(bucket, key)?;
        if parts > PARTS_MAX {
            return Err(Error::Refused(format!("an upload has at most {PARTS_MAX} parts")));
        }
        let signer = self.signer(valid)?;
        let url =
            |number: u32| signer.url("PUT", bucket, key, &[("partNumber", &number.to_string()), ("uploadId", upload)]);
        Ok((1..=parts).map(url).collect())
    }

    async fn put_part(&self, bucket: &str, key: &str, upload: &str, number: u32, body: Bytes) -> Result<String, Error> {
        let stated = Stated { length: Some(body.len() as u64), ..Stated::default() };
        let body = futures::stream::iter([Ok::<_, Infallible>(body)]);
        let part = put_part(&self.store, owner(bucket, key), upload.to_owned(), number, stated, body).await?;
        Ok(part.etag)
    }

    async fn complete_upload(&self, bucket: &str, key: &str, upload: &str, etags: &[String]) -> Result<(), Error> {
        let parts =
            (1..).zip(etags).map(|(number, etag)| Named { number, etag: unquoted(etag), checksum: None }).collect();
        let completion = Completion { parts, ..Completion::default() };
        let (owner, upload) = (owner(bucket, key), upload.to_owned());
        self.with_store(move |store| store.complete_upload(&owner, &upload, &completion)).await?;
        Ok(())
    }

    async fn abort_upload(&self, bucket: &str, key: &str, upload: &str) -> Result<(), Error> {
        let (owner, upload) = (owner(bucket, key), upload.to_owned());
        let aborted = self.with_store(move |store| store.abort_upload(&owner, &upload)).await;
        match aborted {
            Err(Error::NotFound(_)) => Ok(()),
            other => other,
        }
    }
}

impl Embedded {
    fn signer(&self, valid: Duration) -> Result<Signer, Error> {
        let endpoint = self.endpoint.read().unwrap_or_else(PoisonError::into_inner).clone();
        let endpoint =
            endpoint.ok_or_else(|| Error::Unavailable("the storage's public address is not known yet".into()))?;
        let info = &self.info;
        Signer::new(&endpoint, &info.region, &info.access_key, &info.secret_key, self.store.now(), valid)
    }
}

fn owner(bucket: &str, key: &str) -> Owner {
    Owner { bucket: bucket.to_owned(), key: key.to_owned() }
}

fn unquoted(etag: &str) -> String {
    etag.trim().trim_matches('"').to_owned()
}
