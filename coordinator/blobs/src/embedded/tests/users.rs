//! Users of the S3 door: who may do what by policy, and what no signature gets through (reliability S10–S21).

use crate::conformance::{BUCKET, REGION, SECRET_KEY, info};
use crate::embedded::{Credentials, Embedded, S3Door};
use crate::seam::{Error, Objects};
use async_trait::async_trait;
use buildyard_access::policy::Policy;
use buildyard_access::sigv4::{Payload, Signer};
use buildyard_access::{Grants, KeyHolder, Principal};
use buildyard_model::{Clock, Secret, SystemClock, Timestamp};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "AKIAUSERUSERUSERUSER";
const SECRET: &str = "the user's own secret";
const HOST: &str = "127.0.0.1:9000";
const PRIVATE: &str = "buildyard";
const MINUTE: i64 = 60_000;

#[derive(Debug)]
struct OneUser(KeyHolder);

#[async_trait]
impl Credentials for OneUser {
    async fn holder(&self, access_key_id: &str) -> Result<Option<KeyHolder>, Error> {
        Ok((access_key_id == KEY).then(|| self.0.clone()))
    }

    fn used(&self, _access_key_id: &str) {}
}

struct Rig {
    door: S3Door,
    embedded: Embedded,
    _directory: tempfile::TempDir,
}

/// Two buckets and a private one with an object `a/k` each, and a user with these statements.
async fn rig(statements: &str) -> Rig {
    let directory = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(directory.path(), info(&format!("http://{HOST}"))).await.unwrap();
    for bucket in [BUCKET, "other", PRIVATE] {
        embedded.ensure_bucket(bucket).await.unwrap();
        embedded.put(bucket, "a/k", Bytes::from_static(b"x")).await.unwrap();
    }
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let principal = Principal {
        account: "123456789012".into(),
        arn: "arn:aws:iam::123456789012:user/ana".into(),
        user: "ana".into(),
        user_id: "AIDAX".into(),
        grants: Grants::Policies([Policy::parse("p", &document).unwrap()].into()),
    };
    let user = OneUser(KeyHolder { secret: Secret::new(SECRET), principal: Arc::new(principal) });
    let door = embedded.door_for(vec![Arc::new(user)], vec![PRIVATE.into()]);
    Rig { door, embedded, _directory: directory }
}

fn parts(method: &str, target: &str) -> Parts {
    Request::builder().method(method).uri(target).header("host", HOST).body(()).unwrap().into_parts().0
}

fn signer<'a>(secret: &'a Secret) -> Signer<'a> {
    Signer { access_key_id: KEY, secret, session_token: None, region: REGION, service: "s3" }
}

fn signed(mut parts: Parts, body: &[u8], now: Timestamp) -> Parts {
    signer(&Secret::new(SECRET)).sign(&mut parts, Payload::Bytes(body), now).unwrap();
    parts
}

fn presigned(mut parts: Parts, seconds: u64, now: Timestamp) -> Parts {
    signer(&Secret::new(SECRET)).presign(&mut parts, Duration::from_secs(seconds), now).unwrap();
    parts
}

impl Rig {
    async fn send(&self, mut parts: Parts, body: &[u8]) -> (StatusCode, String) {
        parts.headers.insert("content-length", body.len().into());
        let body = Full::new(Bytes::copy_from_slice(body));
        let answer = self.door.call(Request::from_parts(parts, body)).await;
        let status = answer.status();
        let text = answer.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        (status, String::from_utf8_lossy(&text).into_owned())
    }

    /// What the user gets for a request with a body.
    async fn asks(&self, method: &str, target: &str, headers: &[(&'static str, &str)], body: &[u8]) -> (u16, String) {
        let mut parts = parts(method, target);
        for (name, value) in headers {
            parts.headers.insert(*name, value.parse().unwrap());
        }
        let (status, text) = self.send(signed(parts, body, SystemClock.now()), body).await;
        (status.as_u16(), text)
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

const READER: &str = r#"
    {"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"},
    {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/a/*"},
    {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::bucket","Condition":{"StringLike":{"s3:prefix":"a/*"}}}"#;

fn reader() -> String {
    READER.replace("bucket", BUCKET)
}

#[tokio::test]
async fn a_reader_reads_what_the_policy_names_and_nothing_else() {
    let rig = rig(&reader()).await;
    let bucket = format!("/{BUCKET}");
    for (method, target, status) in [
        ("GET", "/a/k", 200),
        ("HEAD", "/a/k", 200),
        ("GET", "/b/k", 403),
        ("PUT", "/a/k", 403),
        ("DELETE", "/a/k", 403),
        ("POST", "/a/k?uploads=", 403),
        ("PUT", "/a/k?partNumber=1&uploadId=x", 403),
        ("DELETE", "/a/k?uploadId=x", 403),
        ("GET", "?list-type=2&prefix=a%2F", 200),
        ("GET", "?prefix=a%2F", 200),
        ("GET", "?list-type=2&prefix=b%2F", 403),
        ("GET", "?list-type=2", 403),
        ("GET", "?list-type=2&prefix=a%2F&prefix=", 400),
        ("GET", "?uploads=", 403),
        ("GET", "?location=", 403),
        ("GET", "?policy=", 403),
        ("HEAD", "", 403),
        ("DELETE", "", 403),
    ] {
        assert_eq!(rig.asks(method, &format!("{bucket}{target}"), &[], b"").await.0, status, "{method} {target}");
    }
    let (status, text) = rig.asks("DELETE", &format!("{bucket}/a/k"), &[], b"").await;
    let expected = format!(
        "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: s3:DeleteObject on resource: \
         arn:aws:s3:::{BUCKET}/a/k because no identity-based policy allows the s3:DeleteObject action"
    );
    assert!(status == 403 && text.contains("<Code>AccessDenied</Code>") && text.contains(&expected), "{text}");
    assert_eq!(rig.embedded.get(BUCKET, "a/k").await.unwrap(), "x");
}

#[tokio::test]
async fn a_copy_needs_both_ends() {
    let statements = r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"},
        {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"}"#;
    let rig = rig(statements).await;
    let target = format!("/{BUCKET}/copy");
    let from = |source: &'static str| [("x-amz-copy-source", source)];
    assert_eq!(rig.asks("PUT", &target, &from("/other/a/k"), b"").await.0, 200);
    for source in [PRIVATE, BUCKET] {
        let source = format!("{source}/a/k");
        let (status, text) = rig.asks("PUT", &target, &[("x-amz-copy-source", &source)], b"").await;
        assert!(status == 403 && text.contains("s3:GetObject"), "{source}: {text}");
    }
    let (status, text) = rig.asks("PUT", "/other/copy?partNumber=1&uploadId=x", &from("/buildyard/a/k"), b"").await;
    assert!(status == 403 && text.contains("s3:GetObject"), "{text}");
}

#[tokio::test]
async fn the_private_bucket_is_the_owners_whatever_a_policy_says() {
    let rig = rig(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#).await;
    for (method, target) in
        [("GET", "/a/k"), ("PUT", "/n"), ("DELETE", "/a/k"), ("GET", "?list-type=2"), ("HEAD", ""), ("DELETE", "")]
    {
        assert_eq!(rig.asks(method, &format!("/{PRIVATE}{target}"), &[], b"").await.0, 403, "{method} {target}");
    }
    let mut hosted = parts("GET", "/a/k");
    hosted.headers.insert("host", HeaderValue::from_static("buildyard.localhost:9000"));
    assert_eq!(rig.send(signed(hosted, b"", now()), b"").await.0, 403, "nor by its host name");
    let (_, text) = rig.asks("GET", "/", &[], b"").await;
    assert!(text.contains("<Name>other</Name>") && !text.contains("<Name>buildyard</Name>"), "{text}");
    assert_eq!(rig.asks("PUT", "/other/new", &[], b"x").await.0, 200);
    let own = rig.embedded.presign(PRIVATE).await;
    assert_eq!(rig.send(parts("GET", &own), b"").await, (StatusCode::OK, "x".to_owned()), "our own URLs go on working");
}

impl Embedded {
    /// The path and query of our own URL for `a/k`.
    async fn presign(&self, bucket: &str) -> String {
        let url = crate::Transfers::presign_get(self, bucket, "a/k", None, Duration::from_secs(60)).await.unwrap();
        url.trim_start_matches(&format!("http://{HOST}")).to_owned()
    }
}

#[tokio::test]
async fn of_several_objects_only_those_that_may_go_are_deleted() {
    let allow = format!(r#"{{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::{BUCKET}/a/*"}}"#);
    let rig = rig(&allow).await;
    rig.embedded.put(BUCKET, "kept", Bytes::from_static(b"x")).await.unwrap();
    let body = "<Delete><Object><Key>a/k</Key></Object><Object><Key>kept</Key></Object></Delete>";
    let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, {
        use md5::Digest;
        md5::Md5::digest(body)
    });
    let target = format!("/{BUCKET}?delete=");
    let (status, text) = rig.asks("POST", &target, &[("content-md5", &digest)], body.as_bytes()).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("<Deleted><Key>a/k</Key></Deleted>") && text.contains("<Code>AccessDenied</Code>"), "{text}");
    assert!(rig.embedded.get(BUCKET, "a/k").await.is_err() && rig.embedded.get(BUCKET, "kept").await.is_ok());
}

#[tokio::test]
async fn clocks_may_be_a_quarter_of_an_hour_off() {
    let rig = rig(&reader()).await;
    let target = format!("/{BUCKET}/a/k");
    for (minutes, status) in [(14, 200), (-14, 200), (16, 403), (-16, 403), (-1_000_000, 403)] {
        let at = Timestamp(now().0 + minutes * MINUTE);
        let (answer, text) = rig.send(signed(parts("GET", &target), b"", at), b"").await;
        assert_eq!(answer.as_u16(), status, "{minutes}: {text}");
        assert!(status == 200 || text.contains("<Code>RequestTimeTooSkewed</Code>"), "{text}");
    }
}

#[tokio::test]
async fn presigned_urls_end_and_have_limits() {
    let rig = rig(&reader()).await;
    let target = format!("/{BUCKET}/a/k");
    let at = |seconds_ago: i64| Timestamp(now().0 - seconds_ago * 1000);
    let answer = async |parts: Parts| rig.send(parts, b"").await.0.as_u16();
    assert_eq!(answer(presigned(parts("GET", &target), 60, at(0))).await, 200);
    assert_eq!(answer(presigned(parts("GET", &target), 604_800, at(600_000))).await, 200);
    assert_eq!(answer(presigned(parts("GET", &target), 60, at(62))).await, 403, "it is over");
    assert_eq!(answer(presigned(parts("GET", &target), 60, at(-1000))).await, 403, "it has not begun");
    for expires in ["0", "-1", "604801", "1e3", "", "60&X-Amz-Expires=60"] {
        let uri = presigned(parts("GET", &target), 60, at(0)).uri.to_string();
        let changed = uri.replace("X-Amz-Expires=60", &format!("X-Amz-Expires={expires}"));
        assert_eq!(answer(parts("GET", &changed)).await, 400, "{expires}");
    }
    let url = presigned(parts("GET", &target), 60, at(0)).uri.to_string();
    assert_eq!(answer(parts("DELETE", &url)).await, 403, "another method");
    assert_eq!(answer(parts("GET", &url.replace("/a/k", "/a/l"))).await, 403, "another object");
    assert_eq!(answer(parts("GET", &format!("{url}&X-Amz-Security-Token=t"))).await, 403, "a token that nobody gave");
    let both = signed(parts("GET", &url), b"", now());
    assert_eq!(answer(both).await, 400, "signed twice");
}

#[tokio::test]
async fn what_was_changed_after_signing_is_refused() {
    let rig = rig(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#).await;
    let target = format!("/{BUCKET}/new");
    let put = || signed(parts("PUT", &target), b"body", now());
    let refused = async |what: &str, parts: Parts, body: &[u8]| {
        let (status, text) = rig.send(parts, body).await;
        assert!(status.is_client_error(), "{what}: {status} {text}");
        assert!(rig.embedded.get(BUCKET, "new").await.is_err(), "{what}: something was stored");
    };
    refused("another body", put(), b"BODY").await;
    for (name, value) in
        [("host", "elsewhere:1"), ("x-amz-date", "20260101T000000Z"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]
    {
        let mut changed = put();
        changed.headers.insert(name, HeaderValue::from_static(value));
        refused(name, changed, b"body").await;
    }
    for (name, value) in [
        ("x-amz-copy-source", "/other/a/k"),
        ("x-amz-meta-a", "1"),
        ("content-type", "text/html"),
        ("x-amz-security-token", "t"),
        ("x-amz-acl", "public-read"),
    ] {
        let mut added = put();
        added.headers.insert(name, HeaderValue::from_static(value));
        refused(name, added, b"body").await;
    }
    let mut twice = put();
    twice.headers.append("x-amz-date", twice.headers["x-amz-date"].clone());
    refused("a date twice", twice, b"body").await;
    let mut other_target = put();
    other_target.uri = format!("{target}?tagging=").parse().unwrap();
    refused("a further parameter", other_target, b"body").await;

    let mut anonymous = parts("PUT", &target);
    anonymous.headers.insert("x-amz-content-sha256", HeaderValue::from_static("UNSIGNED-PAYLOAD"));
    refused("nobody", anonymous, b"body").await;
    let secret = Secret::new(SECRET);
    for (what, signer) in [
        ("region", Signer { region: "us-east-1", ..signer(&secret) }),
        ("service", Signer { service: "sts", ..signer(&secret) }),
        ("unknown key", Signer { access_key_id: "AKIANOBODY", ..signer(&secret) }),
        ("wrong secret", Signer { secret: &Secret::new("x"), ..signer(&secret) }),
        ("root's key id", Signer { access_key_id: crate::conformance::ACCESS_KEY, ..signer(&secret) }),
    ] {
        let mut parts = parts("PUT", &target);
        signer.sign(&mut parts, Payload::Bytes(b"body"), now()).unwrap();
        refused(what, parts, b"body").await;
    }
    assert_eq!(rig.send(put(), b"body").await.0, 200, "unchanged it is taken");
}

#[tokio::test]
async fn only_s3s_own_forms_of_unsigned_bodies_are_taken() {
    let rig = rig(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#).await;
    let target = format!("/{BUCKET}/new");
    let secret = Secret::new(SECRET);
    let mut unsigned = parts("PUT", &target);
    signer(&secret).sign(&mut unsigned, Payload::Unsigned, now()).unwrap();
    assert_eq!(rig.send(unsigned, b"body").await.0, 200, "S3 takes UNSIGNED-PAYLOAD");
    let mut undeclared = signed(parts("PUT", &target), b"body", now());
    undeclared.headers.remove("x-amz-content-sha256");
    assert!(rig.send(undeclared, b"body").await.0.is_client_error());
}

/// A body of one signed chunk, as `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` has it, under the signature of its head.
fn chunked(secret: &str, claimed: &str, data: &[u8]) -> (Parts, Vec<u8>) {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::{Digest, Sha256};
    let mac = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let hash = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let (path, length) = (format!("/{BUCKET}/new"), data.len().to_string());
    // The signer says when; what it signs is a body in one piece, so the head is signed again here.
    let dated = signed(parts("PUT", &path), data, now());
    let date = dated.headers["x-amz-date"].to_str().unwrap().to_owned();
    let names = "host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length";
    let canonical = format!(
        "PUT\n{path}\n\nhost:{HOST}\nx-amz-content-sha256:{streaming}\nx-amz-date:{date}\nx-amz-decoded-content-length:{length}\n\n{names}\n{streaming}"
    );
    let scope = format!("{}/{REGION}/s3/aws4_request", &date[..8]);
    let mut key = mac(format!("AWS4{SECRET}").as_bytes(), &date[..8]);
    let mut chunk_key = mac(format!("AWS4{secret}").as_bytes(), &date[..8]);
    for step in [REGION, "s3", "aws4_request"] {
        (key, chunk_key) = (mac(&key, step), mac(&chunk_key, step));
    }
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hash(canonical.as_bytes()));
    let seed = hex::encode(mac(&key, &to_sign));
    let (mut body, mut previous) = (Vec::new(), seed.clone());
    for (piece, said) in [(data, claimed.as_bytes()), (b"", b"")] {
        let to_sign = format!("AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{previous}\n{}\n{}", hash(b""), hash(piece));
        previous = hex::encode(mac(&chunk_key, &to_sign));
        body.extend_from_slice(format!("{:x};chunk-signature={previous}\r\n", said.len()).as_bytes());
        body.extend_from_slice(said);
        body.extend_from_slice(b"\r\n");
    }
    let authorization = format!("AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={seed}");
    let mut parts = parts("PUT", &path);
    for (name, value) in [
        ("x-amz-date", date.as_str()),
        ("x-amz-content-sha256", streaming),
        ("x-amz-decoded-content-length", &length),
        ("authorization", &authorization),
    ] {
        parts.headers.insert(name, value.parse().unwrap());
    }
    (parts, body)
}

#[tokio::test]
async fn each_chunk_is_held_to_its_signature() {
    let rig = rig(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#).await;
    for (what, secret, claimed) in [("another secret", SECRET_KEY, "data"), ("other data", SECRET, "DATA")] {
        let (parts, body) = chunked(secret, claimed, b"data");
        let (status, text) = rig.send(parts, &body).await;
        assert!(status.is_client_error(), "{what}: {status} {text}");
        assert!(rig.embedded.get(BUCKET, "new").await.is_err(), "{what}");
    }
    let (parts, body) = chunked(SECRET, "data", b"data");
    let (status, text) = rig.send(parts, &body).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, ""));
    assert_eq!(rig.embedded.get(BUCKET, "new").await.unwrap(), "data");
}
