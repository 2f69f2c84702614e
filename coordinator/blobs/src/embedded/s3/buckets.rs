//! Buckets.

use super::super::visitor::Visitor;
use super::Operations;
use super::fields::at;
use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput, DeleteBucketOutput,
    GetBucketLocationInput, GetBucketLocationOutput, GetBucketVersioningInput, GetBucketVersioningOutput,
    HeadBucketInput, HeadBucketOutput, ListBucketsInput, ListBucketsOutput,
};
use s3s::{S3Request, S3Result};

/// Where location is not said (Amazon S3, GetBucketLocation).
const UNNAMED_REGION: &str = "us-east-1";

impl Operations {
    pub(super) async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> S3Result<ListBucketsOutput> {
        let visitor = Visitor::of(&request.extensions)?.clone();
        let input = request.input;
        let limit = input.max_buckets.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
        let (prefix, after) = (input.prefix.unwrap_or_default(), input.continuation_token.unwrap_or_default());
        let mut all = self.run(super::Store::list_buckets).await?;
        all.retain(|(name, _)| name.starts_with(&prefix) && *name > after && visitor.sees(name));
        let next =
            if all.len() > limit { all.get(limit.saturating_sub(1)).map(|(name, _)| name.clone()) } else { None };
        let bucket = |(name, record): (String, crate::embedded::bucket::BucketRecord)| Bucket {
            bucket_region: Some(self.region.to_string()),
            creation_date: Some(at(record.created_ms)),
            name: Some(name),
        };
        let buckets = all.into_iter().take(limit).map(bucket).collect();
        Ok(ListBucketsOutput { buckets: Some(buckets), continuation_token: next, ..ListBucketsOutput::default() })
    }

    pub(super) async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<CreateBucketOutput> {
        let bucket = request.input.bucket;
        let location = Some(format!("/{bucket}"));
        self.run(move |store| store.create_bucket(&bucket)).await?;
        Ok(CreateBucketOutput { location })
    }

    pub(super) async fn delete_bucket(&self, request: S3Request<DeleteBucketInput>) -> S3Result<DeleteBucketOutput> {
        self.run(move |store| store.delete_bucket(&request.input.bucket)).await?;
        Ok(DeleteBucketOutput::default())
    }

    pub(super) async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<HeadBucketOutput> {
        self.run(move |store| store.require_bucket(&request.input.bucket)).await?;
        Ok(HeadBucketOutput { bucket_region: Some(self.region.to_string()), ..HeadBucketOutput::default() })
    }

    pub(super) async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<GetBucketLocationOutput> {
        self.run(move |store| store.require_bucket(&request.input.bucket)).await?;
        let named = (*self.region != *UNNAMED_REGION).then(|| BucketLocationConstraint::from(self.region.to_string()));
        Ok(GetBucketLocationOutput { location_constraint: named })
    }

    /// Versioning was never switched on.
    pub(super) async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<GetBucketVersioningOutput> {
        self.run(move |store| store.require_bucket(&request.input.bucket)).await?;
        Ok(GetBucketVersioningOutput::default())
    }
}
