//! The operations of S3 that the embedded storage has, for s3s to call; whatever is not here answers `NotImplemented`.
//!
//! Each operation is a function of its own in `s3/`: it reads s3s's input, asks the store on a blocking thread and shapes
//! the output. Invariant: everybody who gets here is authenticated and
//! may do what is asked (`visitor`); where one request asks for many things, the operation asks about each.

mod answer;
mod buckets;
mod fields;
mod listings;
mod reads;
mod uploads;
mod writes;

pub(crate) use writes::source;

use super::error::Error;
use super::store::Store;
use s3s::dto;
use s3s::{S3, S3Request, S3Response, S3Result};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// What s3s calls.
#[derive(Debug, Clone)]
pub(crate) struct Operations {
    store: Arc<Store>,
    region: Arc<str>,
}

impl Operations {
    pub(crate) fn new(store: Arc<Store>, region: &str) -> Self {
        Self { store, region: region.into() }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, Error> + Send + 'static,
    ) -> S3Result<T> {
        let store = Arc::clone(&self.store);
        let done = spawn_blocking(move || work(&store)).await.map_err(s3s::S3Error::internal_error)?;
        Ok(done?)
    }
}

macro_rules! operations {
    ($($name:ident: $input:ident -> $output:ident,)*) => {
        #[async_trait::async_trait]
        impl S3 for Operations {
            $(async fn $name(&self, request: S3Request<dto::$input>) -> S3Result<S3Response<dto::$output>> {
                Operations::$name(self, request).await.map(S3Response::new)
            })*
        }
    };
}

operations! {
    list_buckets: ListBucketsInput -> ListBucketsOutput,
    create_bucket: CreateBucketInput -> CreateBucketOutput,
    delete_bucket: DeleteBucketInput -> DeleteBucketOutput,
    head_bucket: HeadBucketInput -> HeadBucketOutput,
    get_bucket_location: GetBucketLocationInput -> GetBucketLocationOutput,
    get_bucket_versioning: GetBucketVersioningInput -> GetBucketVersioningOutput,
    list_objects: ListObjectsInput -> ListObjectsOutput,
    list_objects_v2: ListObjectsV2Input -> ListObjectsV2Output,
    get_object: GetObjectInput -> GetObjectOutput,
    head_object: HeadObjectInput -> HeadObjectOutput,
    put_object: PutObjectInput -> PutObjectOutput,
    copy_object: CopyObjectInput -> CopyObjectOutput,
    delete_object: DeleteObjectInput -> DeleteObjectOutput,
    delete_objects: DeleteObjectsInput -> DeleteObjectsOutput,
    create_multipart_upload: CreateMultipartUploadInput -> CreateMultipartUploadOutput,
    upload_part: UploadPartInput -> UploadPartOutput,
    upload_part_copy: UploadPartCopyInput -> UploadPartCopyOutput,
    list_parts: ListPartsInput -> ListPartsOutput,
    list_multipart_uploads: ListMultipartUploadsInput -> ListMultipartUploadsOutput,
    complete_multipart_upload: CompleteMultipartUploadInput -> CompleteMultipartUploadOutput,
    abort_multipart_upload: AbortMultipartUploadInput -> AbortMultipartUploadOutput,
}
