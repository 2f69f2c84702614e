//! The rules beyond the signature itself: reliability.md S11–S21.

use super::sample::*;
use crate::sigv4::{
    BodyHash, DeclaredPayload, Payload, Scope, SignatureError, Signer, Streaming, check_session_token, parse,
    refuse_unknown_key, verify,
};
use buildyard_model::{Secret, Timestamp};
use std::time::Duration;

const MINUTE: i64 = 60_000;

fn after(minutes: i64) -> Timestamp {
    Timestamp(NOW.0 + minutes * MINUTE)
}

#[test]
fn a_signed_request_is_accepted_within_fifteen_minutes_only() {
    for minutes in [-15, 0, 15] {
        assert_eq!(check_at(&start_build(), BODY, after(minutes)), Ok(()), "{minutes}");
    }
    let late = check_at(&start_build(), BODY, after(16)).unwrap_err();
    assert_eq!(
        late.to_string(),
        "Signature expired: 20260102T030045Z is now earlier than 20260102T030145Z (20260102T031645Z - 15 min.)"
    );
    assert!(matches!(check_at(&start_build(), BODY, after(-16)), Err(SignatureError::NotYetCurrent { .. })));
    for far in [Timestamp(0), Timestamp(i64::MIN), Timestamp(i64::MAX)] {
        assert!(check_at(&start_build(), BODY, far).is_err());
    }
}

#[test]
fn a_date_that_is_none_is_refused() {
    for date in ["", "20260102", "garbage", "99999999T999999Z", "2026-01-02T03:04:05Z"] {
        let mut parts = start_build();
        set(&mut parts, "x-amz-date", date);
        assert!(matches!(check(&parts, BODY), Err(SignatureError::Incomplete(_))), "{date}");
    }
    let mut parts = start_build();
    set(&mut parts, "x-amz-date", "20260101T235959Z");
    assert!(matches!(check_at(&parts, BODY, NOW), Err(SignatureError::Scope(_))));
}

#[test]
fn every_header_that_decides_something_must_be_signed() {
    for name in ["x-amz-security-token", "x-amz-content-sha256", "x-amz-acl", "x-amz-copy-source"] {
        let mut parts = start_build();
        let value = if name == "x-amz-content-sha256" { "UNSIGNED-PAYLOAD" } else { "x" };
        set(&mut parts, name, value);
        assert_eq!(check(&parts, BODY), Err(SignatureError::Unsigned(name.into())));
        let mut parts = presigned();
        set(&mut parts, name, value);
        assert!(check(&parts, b"").is_err(), "{name}");
    }
    for (name, value) in [("x-amz-target", "CodeBuild_20161006.DeleteProject"), ("content-type", "text/plain")] {
        let mut parts = head("POST", "/", &[("host", "127.0.0.1:8080")]);
        signer(&secret(), "codebuild").sign(&mut parts, Payload::Bytes(BODY), NOW).unwrap();
        set(&mut parts, name, value);
        assert_eq!(check(&parts, BODY), Err(SignatureError::Unsigned(name.into())));
    }
    let mut parts = presigned();
    set(&mut parts, "content-type", "application/octet-stream");
    assert_eq!(check(&parts, b""), Ok(()), "an upload's own content type");
}

#[test]
fn headers_that_proxies_add_need_no_signature() {
    let mut parts = start_build();
    for name in ["user-agent", "amz-sdk-request", "x-amzn-trace-id", "accept-encoding", "x-forwarded-for"] {
        set(&mut parts, name, "x");
    }
    assert_eq!(check(&parts, BODY), Ok(()));
}

#[test]
fn two_of_what_may_be_there_once_are_refused() {
    for name in ["x-amz-date", "authorization", "host", "x-amz-target", "content-type"] {
        let mut parts = start_build();
        let same = parts.headers[name].to_str().unwrap().to_owned();
        add(&mut parts, name, &same);
        assert!(matches!(check(&parts, BODY), Err(SignatureError::Ambiguous(_))), "{name}");
    }
    for again in ["X-Amz-Date=20260102T030045Z", "X-Amz-Expires=604800", "X-Amz-Signature=00", "X-Amz-Credential=a"] {
        let mut parts = presigned();
        retarget(&mut parts, |target| format!("{target}&{again}"));
        assert!(matches!(check(&parts, b""), Err(SignatureError::Ambiguous(_))), "{again}");
    }
}

#[test]
fn a_signature_in_header_and_query_is_refused() {
    for parameter in ["X-Amz-Signature=0", "X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Credential=x"] {
        let mut parts = start_build();
        retarget(&mut parts, |target| format!("{target}?{parameter}"));
        assert!(matches!(check(&parts, BODY), Err(SignatureError::Ambiguous(_))), "{parameter}");
    }
}

#[test]
fn the_host_is_signed_and_is_one() {
    let mut parts = start_build();
    set(&mut parts, "host", "127.0.0.1:8081");
    assert_eq!(check(&parts, BODY), Err(SignatureError::Mismatch));
    let mut parts = start_build();
    retarget(&mut parts, |_| "http://other:8080/".into());
    assert!(matches!(check(&parts, BODY), Err(SignatureError::Ambiguous(_))));
    let mut parts = start_build();
    retarget(&mut parts, |_| "http://127.0.0.1:8080/".into());
    assert_eq!(check(&parts, BODY), Ok(()), "absolute form");
    parts.headers.remove("host");
    assert_eq!(check(&parts, BODY), Ok(()), "the authority of HTTP/2");
    let mut parts = start_build();
    let without = parts.headers["authorization"].to_str().unwrap().replace("host;", "");
    set(&mut parts, "authorization", &without);
    assert_eq!(check(&parts, BODY), Err(SignatureError::Unsigned("Host".into())));
}

#[test]
fn only_s3_takes_bodies_that_nobody_signed() {
    let signed = |service, payload| {
        let mut parts = head("PUT", "/b/k", &[("host", "h")]);
        if service != "s3" {
            set(&mut parts, "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        }
        signer(&secret(), service).sign(&mut parts, payload, NOW).unwrap();
        parts
    };
    let unsigned = signed("s3", Payload::Unsigned);
    assert_eq!(check(&unsigned, b"anything"), Ok(()));
    let hashed = signed("s3", Payload::Bytes(b"body"));
    assert_eq!(check(&hashed, b"body"), Ok(()));
    assert!(matches!(check(&hashed, b"other"), Err(SignatureError::Payload(_))));
    assert!(matches!(check(&signed("codebuild", Payload::Unsigned), b"x"), Err(SignatureError::Payload(_))));

    let unread = |parts: &http::request::Parts| {
        let expected = Scope { region: REGION, services: &["s3", "codebuild"] };
        verify(&parse(parts).unwrap(), parts, &BodyHash::Unread, &secret(), &expected, NOW)
    };
    assert_eq!(unread(&hashed), Ok(()), "whoever reads the body compares");
    assert!(matches!(unread(&start_build()), Err(SignatureError::Payload(_))));
    let mut declared = head("POST", "/", &[("host", "h")]);
    set(&mut declared, "x-amz-content-sha256", &format!("{:?}", BodyHash::of(BODY)));
    signer(&secret(), "codebuild").sign(&mut declared, Payload::Bytes(BODY), NOW).unwrap();
    assert_eq!(check(&declared, BODY), Ok(()));
    assert!(matches!(unread(&declared), Err(SignatureError::Payload(_))), "nobody would compare it");
}

#[test]
fn the_declared_payload_is_read_strictly() {
    let read = |text: &str| DeclaredPayload::parse(text).ok();
    assert_eq!(read("UNSIGNED-PAYLOAD"), Some(DeclaredPayload::Unsigned));
    let streaming = read("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
    assert_eq!(streaming, Some(DeclaredPayload::Streaming(Streaming::SignedTrailer)));
    assert!(matches!(read(&"0a".repeat(32)), Some(DeclaredPayload::Sha256(_))));
    for bad in ["", "unsigned-payload", "STREAMING-X", &"0A".repeat(32), &"0a".repeat(33)] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

#[test]
fn a_credential_is_for_one_region_and_service() {
    for (from, to) in [
        ("/eu-central-1/", "/us-east-1/"),
        ("/codebuild/", "/codepipeline/"),
        ("/aws4_request", "/aws4"),
        ("/aws4_request", ""),
        ("AKIDEXAMPLE/", "/"),
        ("AKIDEXAMPLE/", ""),
        ("Credential=", "Credential=a,Credential="),
        ("SignedHeaders=", "SignedHeaders=;"),
        ("SignedHeaders=content-type;host", "SignedHeaders=host;content-type"),
        ("Signature=", "Signature=g"),
        ("Signature=", "Other=1, Signature="),
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        ("AWS4-HMAC-SHA256", "Basic"),
    ] {
        let mut parts = start_build();
        let changed = parts.headers["authorization"].to_str().unwrap().replacen(from, to, 1);
        set(&mut parts, "authorization", &changed);
        assert!(check(&parts, BODY).is_err(), "{from} -> {to}");
    }
}

#[test]
fn a_huge_head_is_refused_before_it_is_looked_at() {
    let long_key = format!("AWS4-HMAC-SHA256 Credential={}/x", "A".repeat(10_240));
    assert!(check(&head("POST", "/", &[("host", "h"), ("authorization", &long_key)]), b"").is_err());
    let large = "x".repeat(40_000);
    for parts in [head("GET", "/", &[("host", "h"), ("a", &large)]), head("GET", &format!("/{large}"), &[])] {
        assert!(matches!(check(&parts, b""), Err(SignatureError::TooLarge { .. })));
    }
    let many: Vec<(String, String)> = (0..200).map(|number| (format!("h{number}"), "x".into())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert!(matches!(check(&head("GET", "/", &many), b""), Err(SignatureError::TooLarge { .. })));
}

#[test]
fn a_presigned_request_lives_as_long_as_it_says_and_a_week_at_most() {
    assert_eq!(check(&presigned(), b"bodies of presigned S3 requests are free"), Ok(()));
    assert_eq!(check_at(&presigned(), b"", after(60)), Ok(()));
    assert_eq!(check_at(&presigned(), b"", after(61)), Err(SignatureError::PresignedExpired));
    assert!(matches!(check_at(&presigned(), b"", after(-16)), Err(SignatureError::NotYetCurrent { .. })));
    for bad in ["0", "-1", "604801", "+60", "", "1e3", "99999999999999999999999"] {
        let mut parts = presigned();
        retarget(&mut parts, |target| target.replace("X-Amz-Expires=3600", &format!("X-Amz-Expires={bad}")));
        assert!(matches!(check(&parts, b""), Err(SignatureError::Incomplete(_))), "{bad}");
    }
    let mut parts = presigned();
    parts.method = http::Method::DELETE;
    assert_eq!(check(&parts, b""), Err(SignatureError::Mismatch));
    let secret = secret();
    let mut parts = head("GET", "/", &[("host", "h")]);
    for valid in [0, 604_801] {
        assert!(signer(&secret, "s3").presign(&mut parts, Duration::from_secs(valid), NOW).is_err());
    }
}

#[test]
fn an_unknown_key_and_a_wrong_secret_get_the_same_answer() {
    let parts = start_build();
    let expected = Scope { region: REGION, services: &["codebuild"] };
    let (presented, body) = (parse(&parts).unwrap(), BodyHash::of(BODY));
    let wrong = verify(&presented, &parts, &body, &Secret::new("wrong"), &expected, NOW).unwrap_err();
    assert_eq!(refuse_unknown_key(&presented, &parts, &body, &expected, NOW), wrong);
    assert_eq!(wrong, SignatureError::Mismatch);
}

#[test]
fn a_temporary_key_needs_its_own_living_token() {
    let (secret, token, foreign) = (secret(), Secret::new("token"), Secret::new("foreign"));
    let mut with = head("POST", "/", &[("host", "h")]);
    let temporary = Signer { session_token: Some(&token), ..signer(&secret, "codebuild") };
    temporary.sign(&mut with, Payload::Bytes(b""), NOW).unwrap();
    assert_eq!(check(&with, b""), Ok(()));
    let (with, without) = (parse(&with).unwrap(), parse(&start_build()).unwrap());
    assert_eq!(check_session_token(&with, Some((&token, after(1))), NOW), Ok(()));
    assert_eq!(check_session_token(&with, Some((&token, NOW)), NOW), Err(SignatureError::ExpiredToken));
    assert_eq!(check_session_token(&with, Some((&foreign, NOW)), NOW), Err(SignatureError::InvalidToken));
    assert_eq!(check_session_token(&with, None, NOW), Err(SignatureError::InvalidToken));
    assert_eq!(check_session_token(&without, Some((&token, after(1))), NOW), Err(SignatureError::InvalidToken));
    assert_eq!(check_session_token(&without, None, NOW), Ok(()));
}

#[test]
fn a_date_header_signs_only_if_it_is_signed() {
    let mut parts = head("GET", "/", &[("host", "h"), ("date", "Fri, 02 Jan 2026 03:00:45 GMT")]);
    signer(&secret(), "codebuild").sign(&mut parts, Payload::Bytes(b""), NOW).unwrap();
    parts.headers.remove("x-amz-date");
    assert!(matches!(check(&parts, b""), Err(SignatureError::Incomplete(_))), "its signed x-amz-date is gone");
    let without = parts.headers["authorization"].to_str().unwrap().replace("date;host;x-amz-date", "host");
    set(&mut parts, "authorization", &without);
    assert_eq!(check(&parts, b""), Err(SignatureError::Unsigned("date".into())));
}

#[test]
fn nothing_secret_is_printed() {
    let parts = presigned();
    let presented = parse(&parts).unwrap();
    let signature = parts.uri.query().unwrap().rsplit('=').next().unwrap();
    assert!(!format!("{presented:?}").contains(signature));
}
