//! What a visitor may do: each operation of S3 as an action of IAM's on a resource (Amazon S3, "Actions, resources, and
//! condition keys"). Invariant: no operation is performed that was not asked for here; private buckets are the owner's,
//! whatever a policy says.

use super::s3::source;
use async_trait::async_trait;
use buildyard_access::policy::Context;
use buildyard_access::{Circumstances, Principal};
use http::Extensions;
use s3s::access::{S3Access, S3AccessContext};
use s3s::dto::{CopyObjectInput, ListObjectsInput, ListObjectsV2Input, UploadPartCopyInput};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result};
use std::borrow::Cow;
use std::sync::Arc;

/// Somebody who signed a request; travels with it.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    access_key_id: String,
    principal: Arc<Principal>,
    context: Context,
    private: Arc<[String]>,
}

impl Visitor {
    pub(crate) fn new(
        access_key_id: String,
        principal: Arc<Principal>,
        circumstances: &Circumstances,
        private: Arc<[String]>,
    ) -> Self {
        let context = principal.context(circumstances);
        Self { access_key_id, principal, context, private }
    }

    /// Who sent the request that these belong to.
    pub(crate) fn of(extensions: &Extensions) -> S3Result<&Self> {
        let nobody = || S3Error::with_message(S3ErrorCode::AccessDenied, "requests must be signed");
        extensions.get::<Self>().ok_or_else(nobody)
    }

    /// Lets an action on a bucket, or on an object in it, pass.
    pub(crate) fn may(&self, action: &str, bucket: &str, key: Option<&str>) -> S3Result<()> {
        self.may_with(action, bucket, key, &self.context)
    }

    /// Whether a bucket may be seen at all.
    pub(crate) fn sees(&self, bucket: &str) -> bool {
        self.principal.is_root() || !self.private.iter().any(|private| private == bucket)
    }

    fn may_with(&self, action: &str, bucket: &str, key: Option<&str>, context: &Context) -> S3Result<()> {
        let resource = match key {
            Some(key) => format!("arn:aws:s3:::{bucket}/{key}"),
            None => format!("arn:aws:s3:::{bucket}"),
        };
        let decided = if self.sees(bucket) {
            self.principal.check(action, &resource, context)
        } else {
            Err(self.principal.denied_to_all(action, &resource))
        };
        decided.map_err(|denial| S3Error::with_message(S3ErrorCode::AccessDenied, denial))
    }

    /// Listing objects: policies may bind it to a prefix.
    fn may_list(&self, bucket: &str, prefix: Option<&str>, delimiter: Option<&str>, most: Option<i32>) -> S3Result<()> {
        let most = most.map(|most| most.to_string());
        let keys = [("s3:prefix", prefix), ("s3:delimiter", delimiter), ("s3:max-keys", most.as_deref())];
        let given = keys.into_iter().filter_map(|(key, value)| Some((key, value?)));
        let context = given.fold(self.context.clone(), |context, (key, value)| context.with(key, value));
        self.may_with("s3:ListBucket", bucket, None, &context)
    }
}

/// The action that an operation is; `None` where the input tells more and is asked for later.
fn action(operation: &str) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match operation {
        "ListBuckets" => "s3:ListAllMyBuckets",
        "HeadBucket" => "s3:ListBucket",
        "GetObject" | "HeadObject" => "s3:GetObject",
        "PutObject"
        | "CopyObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "UploadPartCopy"
        | "CompleteMultipartUpload" => "s3:PutObject",
        "ListParts" => "s3:ListMultipartUploadParts",
        "ListMultipartUploads" => "s3:ListBucketMultipartUploads",
        "ListObjects" | "ListObjectsV2" | "DeleteObjects" => return None,
        // The others are called as they are: CreateBucket, DeleteObject, GetBucketLocation, AbortMultipartUpload.
        other => return Some(Cow::Owned(format!("s3:{other}"))),
    }))
}

/// Asked by s3s about every operation, behind the signature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permissions;

#[async_trait]
impl S3Access for Permissions {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        let signed_with = request.credentials().map(|credentials| credentials.access_key.clone());
        let action = action(request.s3_op().name());
        let path = request.s3_path();
        let (bucket, key) = (path.get_bucket_name().map(str::to_owned), path.get_object_key().map(str::to_owned));
        let visitor = Visitor::of(request.extensions_mut())?;
        if signed_with.as_deref() != Some(&visitor.access_key_id) {
            return Err(S3Error::with_message(S3ErrorCode::AccessDenied, "requests must be signed"));
        }
        let Some(action) = action else { return Ok(()) };
        // A policy that names `*` or every bucket means the list of them too.
        visitor.may(&action, bucket.as_deref().unwrap_or("*"), key.as_deref())
    }

    async fn list_objects(&self, request: &mut S3Request<ListObjectsInput>) -> S3Result<()> {
        let input = &request.input;
        Visitor::of(&request.extensions)?.may_list(
            &input.bucket,
            input.prefix.as_deref(),
            input.delimiter.as_deref(),
            input.max_keys,
        )
    }

    async fn list_objects_v2(&self, request: &mut S3Request<ListObjectsV2Input>) -> S3Result<()> {
        let input = &request.input;
        Visitor::of(&request.extensions)?.may_list(
            &input.bucket,
            input.prefix.as_deref(),
            input.delimiter.as_deref(),
            input.max_keys,
        )
    }

    async fn copy_object(&self, request: &mut S3Request<CopyObjectInput>) -> S3Result<()> {
        let from = source(&request.input.copy_source)?;
        Visitor::of(&request.extensions)?.may("s3:GetObject", &from.bucket, Some(&from.key))
    }

    async fn upload_part_copy(&self, request: &mut S3Request<UploadPartCopyInput>) -> S3Result<()> {
        let from = source(&request.input.copy_source)?;
        Visitor::of(&request.extensions)?.may("s3:GetObject", &from.bucket, Some(&from.key))
    }
}
