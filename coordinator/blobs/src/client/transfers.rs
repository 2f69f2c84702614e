//! Foreign storage behind the seam `Transfers`.

use super::failure::{failure, is_absent};
use super::{COMPLETE_TIMEOUT, S3Client, timeouts};
use crate::seam::{Error, Transfers};
use async_trait::async_trait;
use aws_sdk_s3::Config;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use std::time::Duration;

#[async_trait]
impl Transfers for S3Client {
    async fn presign_get(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        valid: Duration,
    ) -> Result<String, Error> {
        let get = self.client.get_object().bucket(bucket).key(self.key(key)).set_version_id(version.map(str::to_owned));
        let signed = get.presigned(validity(valid)?).await;
        Ok(signed.map_err(|error| failure(&format!("object {key}"), &error))?.uri().to_owned())
    }

    async fn presign_put(&self, bucket: &str, key: &str, valid: Duration) -> Result<String, Error> {
        let put = self.client.put_object().bucket(bucket).key(self.key(key));
        let signed = put.presigned(validity(valid)?).await;
        Ok(signed.map_err(|error| failure(&format!("object {key}"), &error))?.uri().to_owned())
    }

    async fn begin_upload(&self, bucket: &str, key: &str, metadata: &[(String, String)]) -> Result<String, Error> {
        let what = format!("object {key}");
        let mut create = self.client.create_multipart_upload().bucket(bucket).key(self.key(key));
        for (name, value) in metadata {
            create = create.metadata(name, value);
        }
        let upload = create.send().await.map_err(|error| failure(&what, &error))?;
        upload.upload_id.ok_or_else(|| Error::Unavailable(format!("{what}: the upload got no id")))
    }

    async fn presign_parts(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        parts: u32,
        valid: Duration,
    ) -> Result<Vec<String>, Error> {
        let validity = validity(valid)?;
        let mut urls = Vec::new();
        for number in 1..=parts {
            let part = self.client.upload_part().bucket(bucket).key(self.key(key)).upload_id(upload);
            let signed = part.part_number(part_number(number)?).presigned(validity.clone()).await;
            urls.push(signed.map_err(|error| failure(&format!("object {key}"), &error))?.uri().to_owned());
        }
        Ok(urls)
    }

    async fn put_part(&self, bucket: &str, key: &str, upload: &str, number: u32, body: Bytes) -> Result<String, Error> {
        let what = format!("part {number} of upload {upload} of {key}");
        let part = self.client.upload_part().bucket(bucket).key(self.key(key)).upload_id(upload);
        let sent = part.part_number(part_number(number)?).body(body.into()).send().await;
        let stored = sent.map_err(|error| failure(&what, &error))?;
        stored.e_tag.ok_or_else(|| Error::Unavailable(format!("{what} got no etag")))
    }

    async fn complete_upload(&self, bucket: &str, key: &str, upload: &str, etags: &[String]) -> Result<(), Error> {
        let mut parts = CompletedMultipartUpload::builder();
        for (number, etag) in (1..).zip(etags) {
            parts = parts.parts(CompletedPart::builder().part_number(part_number(number)?).e_tag(etag).build());
        }
        let complete = self.client.complete_multipart_upload().bucket(bucket).key(self.key(key)).upload_id(upload);
        let patience = Config::builder().timeout_config(timeouts(COMPLETE_TIMEOUT, COMPLETE_TIMEOUT));
        let sent = complete.multipart_upload(parts.build()).customize().config_override(patience).send().await;
        sent.map_err(|error| failure(&format!("upload {upload} of {key}"), &error))?;
        Ok(())
    }

    async fn abort_upload(&self, bucket: &str, key: &str, upload: &str) -> Result<(), Error> {
        let abort = self.client.abort_multipart_upload().bucket(bucket).key(self.key(key)).upload_id(upload);
        match abort.send().await {
            Err(error) if !is_absent(&error) => Err(failure(&format!("upload {upload} of {key}"), &error)),
            _ => Ok(()),
        }
    }
}

fn validity(valid: Duration) -> Result<PresigningConfig, Error> {
    PresigningConfig::expires_in(valid)
        .map_err(|error| Error::Refused(format!("a presigned URL cannot be valid so long: {error}")))
}

fn part_number(number: u32) -> Result<i32, Error> {
    i32::try_from(number).map_err(|_| Error::Refused(format!("{number} is no part number")))
}
