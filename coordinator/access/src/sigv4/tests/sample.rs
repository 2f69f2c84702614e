//! The request that most tests start from: a StartBuild as the AWS CLI signs it.

use crate::sigv4::{BodyHash, Payload, Scope, SignatureError, Signer, parse, refuse_unknown_key, verify};
use buildyard_model::{Secret, Timestamp};
use http::Request;
use http::request::Parts;

pub(super) const NOW: Timestamp = Timestamp(1_767_322_845_000);
pub(super) const BODY: &[u8] = br#"{"projectName": "demo"}"#;
pub(super) const KEY: &str = "AKIDEXAMPLE";
pub(super) const REGION: &str = "eu-central-1";

pub(super) fn secret() -> Secret {
    Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

pub(super) fn signer<'a>(secret: &'a Secret, service: &'a str) -> Signer<'a> {
    Signer { access_key_id: KEY, secret, session_token: None, region: REGION, service }
}

pub(super) fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// A signed call of a JSON service.
pub(super) fn start_build() -> Parts {
    let mut parts = head(
        "POST",
        "/",
        &[
            ("host", "127.0.0.1:8080"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "CodeBuild_20161006.StartBuild"),
        ],
    );
    signer(&secret(), "codebuild").sign(&mut parts, Payload::Bytes(BODY), NOW).unwrap();
    parts
}

/// A GET of an object, presigned for an hour.
pub(super) fn presigned() -> Parts {
    let mut parts = head("GET", "/bucket/a%20b//../c?versionId=1", &[("host", "127.0.0.1:8080")]);
    signer(&secret(), "s3").presign(&mut parts, std::time::Duration::from_hours(1), NOW).unwrap();
    parts
}

pub(super) fn check_at(parts: &Parts, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
    let expected = Scope { region: REGION, services: &["codebuild", "s3"] };
    let (presented, body) = (parse(parts)?, BodyHash::of(body));
    // The access key is not under the signature: what binds it is the lookup of its secret.
    if presented.access_key_id != KEY {
        return Err(refuse_unknown_key(&presented, parts, &body, &expected, now));
    }
    verify(&presented, parts, &body, &secret(), &expected, now)
}

pub(super) fn check(parts: &Parts, body: &[u8]) -> Result<(), SignatureError> {
    check_at(parts, body, NOW)
}

/// Replaces the query or path of a request.
pub(super) fn retarget(parts: &mut Parts, change: impl FnOnce(String) -> String) {
    parts.uri = change(parts.uri.to_string()).parse().unwrap();
}

pub(super) fn set(parts: &mut Parts, name: &'static str, value: &str) {
    parts.headers.insert(name, value.parse().unwrap());
}

pub(super) fn add(parts: &mut Parts, name: &'static str, value: &str) {
    parts.headers.append(name, value.parse().unwrap());
}
