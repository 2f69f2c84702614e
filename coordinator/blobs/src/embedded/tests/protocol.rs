//! S3 as the AWS SDK speaks it, with the checksums that it sends by default.

use crate::conformance::{ACCESS_KEY, BUCKET, PART_MIN, REGION, SECRET_KEY, Server, pattern};
use crate::seam::{Objects, Transfers};
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart, Delete, EncodingType,
    MetadataDirective, ObjectIdentifier,
};
use aws_sdk_s3::{Client, Config};
use bytes::Bytes;
use http::Request;
use std::time::Duration;

fn sdk(url: &str, path_style: bool) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url)
        .force_path_style(path_style);
    Client::from_conf(config.build())
}

async fn started() -> (Server, Client) {
    let server = Server::start().await;
    server.embedded.ensure_bucket(BUCKET).await.unwrap();
    let client = sdk(&server.url, true);
    (server, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_and_default_checksums_are_kept() {
    let (_server, s3) = started().await;
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), pattern(700_000, 1)).unwrap();
    let body = ByteStream::from_path(path.path()).await.unwrap();
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .body(body)
        .content_type("text/x")
        .cache_control("no-store")
        .metadata("a", "b");
    let put = put.send().await.unwrap();
    let crc = put.checksum_crc32().expect("the SDK sends CRC32 in a trailer").to_owned();

    let head = s3.head_object().bucket(BUCKET).key("k").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(head.checksum_crc32(), Some(crc.as_str()));
    assert_eq!(
        (head.content_type(), head.cache_control(), head.content_encoding()),
        (Some("text/x"), Some("no-store"), None)
    );
    assert_eq!(head.metadata().unwrap()["a"], "b");
    assert_eq!(head.e_tag(), put.e_tag());
    let got = s3.get_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert!(got.body.collect().await.unwrap().into_bytes() == pattern(700_000, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_checksum_is_verified() {
    let (_server, s3) = started().await;
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] {
        let algorithm = ChecksumAlgorithm::from(algorithm);
        let put = s3
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .body(Bytes::from_static(b"x").into())
            .checksum_algorithm(algorithm.clone());
        put.send().await.unwrap();
        let got = s3.get_object().bucket(BUCKET).key("k").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        assert_eq!(got.body.collect().await.unwrap().into_bytes(), "x", "{algorithm:?}");
    }
    let wrong = s3
        .put_object()
        .bucket(BUCKET)
        .key("bad")
        .body(Bytes::from_static(b"x").into())
        .checksum_crc32("AAAAAA==")
        .send()
        .await;
    assert_eq!(wrong.unwrap_err().code(), Some("BadDigest"));
    let wrong = s3
        .put_object()
        .bucket(BUCKET)
        .key("bad")
        .body(Bytes::from_static(b"x").into())
        .content_md5("AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(wrong.send().await.unwrap_err().code(), Some("BadDigest"));
    assert!(s3.head_object().bucket(BUCKET).key("bad").send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_in_parts_have_full_and_composite_checksums() {
    let (_server, s3) = started().await;
    for (algorithm, kind) in
        [("CRC64NVME", "FULL_OBJECT"), ("CRC32", "FULL_OBJECT"), ("CRC32", "COMPOSITE"), ("SHA256", "COMPOSITE")]
    {
        let (algorithm, kind) = (ChecksumAlgorithm::from(algorithm), ChecksumType::from(kind));
        let create = s3
            .create_multipart_upload()
            .bucket(BUCKET)
            .key("k")
            .checksum_algorithm(algorithm.clone())
            .checksum_type(kind.clone());
        let upload = create.send().await.unwrap().upload_id.unwrap();
        let mut completed = CompletedMultipartUpload::builder();
        for (number, body) in [(1, pattern(PART_MIN, 1)), (3, pattern(10, 2))] {
            let part =
                s3.upload_part().bucket(BUCKET).key("k").upload_id(&upload).part_number(number).body(body.into());
            let part = part.checksum_algorithm(algorithm.clone()).send().await.unwrap();
            completed = completed.parts(
                CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(part.e_tag)
                    .set_checksum_crc32(part.checksum_crc32)
                    .set_checksum_crc64_nvme(part.checksum_crc64_nvme)
                    .set_checksum_sha256(part.checksum_sha256)
                    .build(),
            );
        }
        let listed = s3.list_parts().bucket(BUCKET).key("k").upload_id(&upload).max_parts(1).send().await.unwrap();
        assert_eq!(
            (listed.parts().len(), listed.is_truncated(), listed.next_part_number_marker()),
            (1, Some(true), Some("1"))
        );
        let uploads = s3.list_multipart_uploads().bucket(BUCKET).send().await.unwrap();
        assert_eq!(uploads.uploads()[0].upload_id(), Some(upload.as_str()));
        let complete =
            s3.complete_multipart_upload().bucket(BUCKET).key("k").upload_id(&upload).checksum_type(kind.clone());
        let done = complete.multipart_upload(completed.build()).send().await.unwrap();
        assert_eq!(done.checksum_type(), Some(&kind));
        assert!(done.e_tag().unwrap().ends_with("-2\""));
        let got = s3.get_object().bucket(BUCKET).key("k").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        assert_eq!(got.body.collect().await.unwrap().into_bytes().len(), PART_MIN + 10, "{algorithm:?} {kind:?}");
        let second = s3.get_object().bucket(BUCKET).key("k").part_number(2).send().await.unwrap();
        assert_eq!((second.parts_count(), second.content_length()), (Some(2), Some(10)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_out_of_order_or_too_small_are_refused() {
    let (_server, s3) = started().await;
    let upload = s3.create_multipart_upload().bucket(BUCKET).key("k").send().await.unwrap().upload_id.unwrap();
    let mut parts = Vec::new();
    for number in [1, 2] {
        let part = s3
            .upload_part()
            .bucket(BUCKET)
            .key("k")
            .upload_id(&upload)
            .part_number(number)
            .body(Bytes::from_static(b"x").into());
        let etag = part.send().await.unwrap().e_tag;
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(etag).build());
    }
    let complete = |parts: Vec<CompletedPart>| {
        let upload = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        s3.complete_multipart_upload().bucket(BUCKET).key("k").multipart_upload(upload)
    };
    let reversed = parts.iter().rev().cloned().collect();
    assert_eq!(complete(reversed).upload_id(&upload).send().await.unwrap_err().code(), Some("InvalidPartOrder"));
    assert_eq!(complete(parts).upload_id(&upload).send().await.unwrap_err().code(), Some("EntityTooSmall"));
    let climbing = complete(Vec::new()).upload_id("../../buckets").send().await;
    assert_eq!(climbing.unwrap_err().code(), Some("NoSuchUpload"));
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_fold_page_and_encode() {
    let (_server, s3) = started().await;
    for key in ["a/1", "a/2", "b", "c/x/1", "c/x/2", "d e", "f\u{1}g"] {
        s3.put_object().bucket(BUCKET).key(key).send().await.unwrap();
    }
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let page = s3.list_objects_v2().bucket(BUCKET).delimiter("/").max_keys(1).encoding_type(EncodingType::Url);
        let page = page.set_continuation_token(token).send().await.unwrap();
        assert_eq!(page.key_count(), Some(1));
        seen.extend(page.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap().to_owned()));
        seen.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a/", "b", "c/", "d%20e", "f%01g"]);

    let first = s3.list_objects().bucket(BUCKET).delimiter("/").max_keys(1).send().await.unwrap();
    assert_eq!(first.next_marker(), Some("a/"));
    let second = s3.list_objects().bucket(BUCKET).delimiter("/").marker("a/").max_keys(1).send().await.unwrap();
    assert_eq!(second.contents()[0].key(), Some("b"));
    let after = s3.list_objects_v2().bucket(BUCKET).prefix("c/").start_after("c/x/1").send().await.unwrap();
    assert_eq!(after.contents().iter().map(|object| object.key().unwrap()).collect::<Vec<_>>(), ["c/x/2"]);
    let none = s3.list_objects_v2().bucket(BUCKET).max_keys(0).send().await.unwrap();
    assert_eq!((none.contents().len(), none.is_truncated()), (0, Some(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_hold_for_reads_and_writes() {
    let (_server, s3) = started().await;
    let put = |condition: &str| {
        s3.put_object().bucket(BUCKET).key("k").set_if_none_match((condition == "new").then(|| "*".into()))
    };
    let etag = put("new").send().await.unwrap().e_tag.unwrap();
    assert_eq!(put("new").send().await.unwrap_err().code(), Some("PreconditionFailed"));
    s3.put_object().bucket(BUCKET).key("k").if_match(&etag).send().await.unwrap();
    let get = || s3.get_object().bucket(BUCKET).key("k");
    assert_eq!(get().if_none_match(&etag).send().await.unwrap_err().raw_response().unwrap().status().as_u16(), 304);
    assert_eq!(get().if_match("\"other\"").send().await.unwrap_err().raw_response().unwrap().status().as_u16(), 412);
    assert_eq!(get().range("bytes=5-").send().await.unwrap_err().raw_response().unwrap().status().as_u16(), 416);
    assert_eq!(get().version_id("v1").send().await.unwrap_err().code(), Some("NoSuchVersion"));
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_share_bytes_and_outlive_their_source() {
    let (_server, s3) = started().await;
    let body = pattern(600_000, 3);
    s3.put_object().bucket(BUCKET).key("a b+c").body(body.clone().into()).content_type("text/a").send().await.unwrap();
    let source = format!("{BUCKET}/a%20b%2Bc");
    s3.copy_object().bucket(BUCKET).key("copy").copy_source(&source).send().await.unwrap();
    let replaced = s3
        .copy_object()
        .bucket(BUCKET)
        .key("a b+c")
        .copy_source(&source)
        .metadata_directive(MetadataDirective::Replace);
    replaced.content_type("text/b").send().await.unwrap();
    assert_eq!(s3.head_object().bucket(BUCKET).key("a b+c").send().await.unwrap().content_type(), Some("text/b"));

    let upload = s3.create_multipart_upload().bucket(BUCKET).key("part").send().await.unwrap().upload_id.unwrap();
    let part = s3.upload_part_copy().bucket(BUCKET).key("part").upload_id(&upload).part_number(1).copy_source(&source);
    let part = part.copy_source_range("bytes=10-19").send().await.unwrap().copy_part_result.unwrap();
    let part = CompletedPart::builder().part_number(1).set_e_tag(part.e_tag).build();
    let done = s3.complete_multipart_upload().bucket(BUCKET).key("part").upload_id(&upload);
    done.multipart_upload(CompletedMultipartUpload::builder().parts(part).build()).send().await.unwrap();

    let names = ["a b+c", "part", "absent"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let part = s3.get_object().bucket(BUCKET).key("part").send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(part.into_bytes(), body.slice(10..20));
    let deleted =
        s3.delete_objects().bucket(BUCKET).delete(Delete::builder().set_objects(Some(names.to_vec())).build().unwrap());
    assert_eq!(deleted.send().await.unwrap().deleted().len(), 3);
    let copy = s3.get_object().bucket(BUCKET).key("copy").send().await.unwrap();
    assert_eq!(copy.content_type(), Some("text/a"));
    assert!(copy.body.collect().await.unwrap().into_bytes() == body);
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_come_and_go() {
    let (_server, s3) = started().await;
    s3.create_bucket().bucket("another").send().await.unwrap();
    assert_eq!(s3.create_bucket().bucket("another").send().await.unwrap_err().code(), Some("BucketAlreadyOwnedByYou"));
    let names: Vec<String> = s3
        .list_buckets()
        .send()
        .await
        .unwrap()
        .buckets()
        .iter()
        .map(|bucket| bucket.name().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["another", BUCKET]);
    assert_eq!(
        s3.get_bucket_location().bucket("another").send().await.unwrap().location_constraint().unwrap().as_str(),
        REGION
    );
    s3.put_object().bucket("another").key("x/y").send().await.unwrap();
    assert_eq!(s3.delete_bucket().bucket("another").send().await.unwrap_err().code(), Some("BucketNotEmpty"));
    s3.delete_object().bucket("another").key("x/y").send().await.unwrap();
    s3.delete_bucket().bucket("another").send().await.unwrap();
    assert!(s3.head_bucket().bucket("another").send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_in_the_host_name_is_the_bucket() {
    let (server, _) = started().await;
    server.embedded.put(BUCKET, "dir/k", Bytes::from_static(b"v")).await.unwrap();
    let virtual_host = sdk("http://localhost:7000", false);
    let minute = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let url = virtual_host.get_object().bucket(BUCKET).key("dir/k").presigned(minute).await.unwrap().uri().to_owned();
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert_eq!(host, "conformance.localhost:7000");
    let request = Request::builder()
        .uri(format!("/{path}"))
        .header("host", host)
        .body(http_body_util::Empty::<Bytes>::new())
        .unwrap();
    let response = server.embedded.door().call(request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes(), "v");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_and_a_wrong_secret_are_not_told_apart() {
    let (server, _) = started().await;
    let mut said = Vec::new();
    for (key, secret) in [(ACCESS_KEY, "wrong"), ("AKIDNOBODY", SECRET_KEY)] {
        let config = sdk(&server.url, true).config().to_builder();
        let config = config.credentials_provider(Credentials::new(key, secret, None, None, "test")).build();
        let failed = Client::from_conf(config).list_buckets().send().await.unwrap_err();
        assert_eq!(failed.raw_response().unwrap().status().as_u16(), 403);
        said.push((failed.code().unwrap().to_owned(), failed.message().unwrap().to_owned()));
    }
    assert_eq!(said[0], said[1]);
    assert!(!said[0].1.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_leaves_nothing() {
    let (server, _) = started().await;
    let url = server.embedded.presign_put(BUCKET, "k", Duration::from_mins(1)).await.unwrap();
    let path = url.strip_prefix(&server.url).unwrap();
    let chunks = futures::stream::iter([Ok(pattern(2_000_000, 1)), Err(std::io::Error::other("gone"))]);
    let body =
        http_body_util::StreamBody::new(futures::StreamExt::map(chunks, |chunk| chunk.map(hyper::body::Frame::data)));
    let host = server.url.strip_prefix("http://").unwrap();
    let request = Request::builder()
        .method("PUT")
        .uri(path)
        .header("host", host)
        .header("content-length", "3000000")
        .body(body)
        .unwrap();
    assert_eq!(server.embedded.door().call(request).await.status(), 400);
    assert!(server.embedded.list(BUCKET, "", "").await.unwrap().objects.is_empty());
    for part in ["blobs", "tmp", "doubts"] {
        let files = walk_files(&server.directory.path().join(part));
        assert!(files.is_empty(), "{files:?}");
    }
}

fn walk_files(path: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).unwrap().flatten() {
        if entry.path().is_dir() { files.extend(walk_files(&entry.path())) } else { files.push(entry.path()) }
    }
    files
}
