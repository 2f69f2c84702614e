//! What every storage behind the seams must do, run on the embedded one directly, on the client against the embedded one
//! over HTTP, and on the client against a foreign S3 (SeaweedFS, when `BUILDYARD_TEST_SEAWEEDFS` names its `weed`).

mod awkward_keys;
mod foreign;
mod objects;
mod permissions;
mod server;
mod uploads;

pub(crate) use server::{ACCESS_KEY, REGION, SECRET_KEY, Server, info, plain_client, settings};

use crate::seam::{Objects, Transfers};
use crate::{Embedded, S3Client};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const BUCKET: &str = "conformance";
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const PART_MIN: usize = 5 * 1024 * 1024;

/// Both seams at once.
pub(crate) trait Storage: Objects + Transfers {}
impl<S: Objects + Transfers> Storage for S {}

/// What S3s do differently and nothing here depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Peculiarities {
    /// Keys with empty or dotted components are taken for paths.
    pub(crate) keys_are_paths: bool,
    /// An object's bucket is created with it.
    pub(crate) buckets_come_by_themselves: bool,
    /// Completing an upload again answers with success.
    pub(crate) completes_again: bool,
}

/// A storage under test.
pub(crate) struct Subject {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) http: reqwest::Client,
    pub(crate) peculiarities: Peculiarities,
    _server: Option<Server>,
}

impl Subject {
    async fn new(storage: Arc<dyn Storage>, server: Option<Server>, peculiarities: Peculiarities) -> Self {
        storage.ensure_bucket(BUCKET).await.unwrap();
        Self { storage, http: plain_client(), peculiarities, _server: server }
    }

    async fn embedded() -> Self {
        let server = Server::start().await;
        let storage: Embedded = server.embedded.clone();
        Self::new(Arc::new(storage), Some(server), Peculiarities::default()).await
    }

    async fn client() -> Self {
        let server = Server::start().await;
        let storage = S3Client::new(&settings(&server.url));
        Self::new(Arc::new(storage), Some(server), Peculiarities::default()).await
    }

    /// PUTs a part to a presigned URL as an agent does and gives its ETag.
    pub(crate) async fn put(&self, url: &str, body: Bytes) -> String {
        let response = self.http.put(url).body(body).send().await.unwrap();
        let status = response.status();
        assert!(status.is_success(), "{status} {}", response.text().await.unwrap());
        response.headers()["etag"].to_str().unwrap().to_owned()
    }

    /// Uploads parts through presigned URLs; not completed.
    pub(crate) async fn begin(&self, key: &str, parts: Vec<Bytes>) -> (String, Vec<String>) {
        let upload = self.storage.begin_upload(BUCKET, key, &[("build".into(), "p:1".into())]).await.unwrap();
        let count = u32::try_from(parts.len()).unwrap();
        let urls = self.storage.presign_parts(BUCKET, key, &upload, count, MINUTE).await.unwrap();
        let mut etags = Vec::new();
        for (url, part) in urls.iter().zip(parts) {
            etags.push(self.put(url, part).await);
        }
        (upload, etags)
    }
}

/// Bytes that differ from place to place: a block whose length is prime, again and again.
pub(crate) fn pattern(length: usize, seed: u8) -> Bytes {
    let block: Vec<u8> = (0..length.min(65_521)).map(|index| ((index.wrapping_mul(31) >> 3) as u8) ^ seed).collect();
    let mut bytes = block.repeat(length.div_ceil(block.len().max(1)));
    bytes.truncate(length);
    bytes.into()
}

macro_rules! suite {
    ($($file:ident::$case:ident,)*) => {
        mod embedded_direct {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$file::$case(&super::Subject::embedded().await).await;
            })*
        }

        mod client_over_http {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$file::$case(&super::Subject::client().await).await;
            })*
        }

        async fn every_case(subject: &Subject) {
            $(eprintln!("{}", stringify!($case));
            $file::$case(subject).await;)*
        }
    };
}

suite! {
    objects::what_was_put_is_got_until_it_is_deleted,
    objects::what_is_not_there_is_not_found,
    objects::a_listing_is_in_byte_order_and_paged,
    objects::an_empty_object_is_an_object,
    awkward_keys::any_key_is_put_got_listed_and_deleted,
    awkward_keys::any_key_travels_in_a_presigned_url,
    uploads::an_upload_is_invisible_until_it_is_complete,
    uploads::parts_are_joined_in_the_order_of_their_numbers,
    uploads::parts_are_stored_without_a_url,
    uploads::an_empty_file_is_an_upload_of_one_empty_part,
    uploads::an_upload_is_completed_once,
    uploads::an_aborted_upload_leaves_nothing,
    uploads::parts_that_were_not_uploaded_are_refused,
    uploads::large_objects_stream_both_ways,
    permissions::a_presigned_url_is_for_its_method_and_object_only,
    permissions::an_expired_url_is_refused,
    permissions::without_a_signature_nothing_is_allowed,
}
