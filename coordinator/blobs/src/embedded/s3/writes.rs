//! Writing, copying and deleting objects.

use super::super::blob::Owner;
use super::super::checksum::Algorithm;
use super::super::condition::{Conditions, Verdict};
use super::super::entry::{Attributes, Entry};
use super::super::error::Error;
use super::super::visitor::Visitor;
use super::super::write::{self, Put};
use super::Operations;
use super::fields::{self, at, attributes, no_version, seconds, show_checksum, stated_checksum, tag};
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, MetadataDirective, ObjectIdentifier, PutObjectInput,
    PutObjectOutput,
};
use s3s::stream::ByteStream;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result, s3_error};

/// Most keys in one DeleteObjects (Amazon S3).
const DELETES_MAX: usize = 1000;

impl Operations {
    pub(super) async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
        let body = request.input.body.take().ok_or(S3ErrorCode::IncompleteBody)?;
        let input = &request.input;
        if input.write_offset_bytes.is_some() {
            return Err(s3_error!(NotImplemented, "objects are written whole"));
        }
        let checksum = stated_checksum!(input)?;
        let length = input
            .content_length
            .or_else(|| body.remaining_length().exact().and_then(|exact| i64::try_from(exact).ok()));
        let put = Put {
            stated: fields::stated(&request, length, input.content_md5.as_deref(), checksum)?,
            attributes: attributes!(input),
            conditions: Conditions {
                matches: input.if_match.clone().map(tag),
                differs: input.if_none_match.clone().map(tag),
                ..Conditions::default()
            },
            owner: Owner { bucket: input.bucket.clone(), key: input.key.clone() },
        };
        let entry = write::put(&self.store, put, body).await?;
        let mut output = PutObjectOutput { e_tag: Some(ETag::Strong(entry.etag)), ..PutObjectOutput::default() };
        output.checksum_type = entry.checksum.as_ref().map(fields::scope);
        show_checksum!(output, &entry.checksum);
        Ok(output)
    }

    pub(super) async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<CopyObjectOutput> {
        let mut input = request.input;
        let from = source(&input.copy_source)?;
        let to = Owner { bucket: input.bucket.clone(), key: input.key.clone() };
        let replaces =
            input.metadata_directive.as_ref().is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        if from == to && !replaces {
            return Err(s3_error!(InvalidRequest, "a copy onto itself must replace the metadata"));
        }
        let attributes: Option<Attributes> = replaces.then(|| attributes!(input));
        let conditions = Conditions {
            matches: input.copy_source_if_match.take().map(tag),
            differs: input.copy_source_if_none_match.take().map(tag),
            modified_since: input.copy_source_if_modified_since.as_ref().map(seconds),
            unmodified_since: input.copy_source_if_unmodified_since.as_ref().map(seconds),
        };
        let allowed = move |entry: &Entry| match conditions.read(entry) {
            Verdict::Go => Ok(()),
            Verdict::NotModified | Verdict::Failed => Err(Error::PreconditionFailed),
        };
        let entry = self.run(move |store| store.copy(&from, &to, attributes, allowed)).await?;
        let mut result = CopyObjectResult {
            e_tag: Some(ETag::Strong(entry.etag.clone())),
            last_modified: Some(at(entry.modified_ms)),
            ..CopyObjectResult::default()
        };
        result.checksum_type = entry.checksum.as_ref().map(fields::scope);
        show_checksum!(result, &entry.checksum);
        Ok(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
    }

    pub(super) async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<DeleteObjectOutput> {
        let input = request.input;
        no_version(input.version_id.as_deref())?;
        let conditions = Conditions { matches: input.if_match.map(tag), ..Conditions::default() };
        self.run(move |store| store.delete(&input.bucket, &input.key, &conditions)).await?;
        Ok(DeleteObjectOutput::default())
    }

    /// What may not be deleted is told object by object, as everything else that goes wrong here.
    pub(super) async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> S3Result<DeleteObjectsOutput> {
        let visitor = Visitor::of(&request.extensions)?.clone();
        let input = request.input;
        if input.delete.objects.len() > DELETES_MAX {
            return Err(S3ErrorCode::MalformedXML.into());
        }
        let quiet = input.delete.quiet.unwrap_or_default();
        let (bucket, objects) = (input.bucket, input.delete.objects);
        self.run(move |store| {
            let (mut deleted, mut errors) = (Vec::new(), Vec::new());
            let (allowed, denied) = sorted(&visitor, &bucket, objects);
            errors.extend(denied);
            if !allowed.is_empty() || errors.is_empty() {
                store.require_bucket(&bucket)?;
            }
            for object in allowed {
                let done = no_version(object.version_id.as_deref());
                match done.and_then(|()| store.delete(&bucket, &object.key, &Conditions::default())) {
                    Ok(_) if quiet => {}
                    Ok(_) => deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() }),
                    Err(error) => errors.push(failed(object.key, error.into())),
                }
            }
            Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), request_charged: None })
        })
        .await
    }
}

/// Parts the objects that may be deleted from the refusals of the others.
fn sorted(
    visitor: &Visitor,
    bucket: &str,
    objects: Vec<ObjectIdentifier>,
) -> (Vec<ObjectIdentifier>, Vec<s3s::dto::Error>) {
    let (mut allowed, mut denied) = (Vec::new(), Vec::new());
    for object in objects {
        match visitor.may("s3:DeleteObject", bucket, Some(&object.key)) {
            Ok(()) => allowed.push(object),
            Err(error) => denied.push(failed(object.key, error)),
        }
    }
    (allowed, denied)
}

fn failed(key: String, error: S3Error) -> s3s::dto::Error {
    s3s::dto::Error {
        code: Some(error.code().as_str().to_owned()),
        key: Some(key),
        message: error.message().map(str::to_owned),
        version_id: None,
    }
}

/// The object that a copy reads.
pub(crate) fn source(source: &CopySource) -> S3Result<Owner> {
    match source {
        CopySource::Bucket { bucket, key, version_id } => {
            no_version(version_id.as_deref())?;
            Ok(Owner { bucket: bucket.to_string(), key: key.to_string() })
        }
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => {
            Err(s3_error!(NotImplemented, "there are only buckets to copy from"))
        }
    }
}
