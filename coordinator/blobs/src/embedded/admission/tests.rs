use super::*;
use http::Request;

const SCOPE: &str = "KEY/20260101/here/s3/aws4_request";

fn signed(headers: &[(&str, &str)], list: &str) -> Parts {
    let mut request = Request::builder().uri("/b/k").header("host", "x");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let authorization = format!("AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders={list}, Signature=00");
    request.header("authorization", authorization).body(()).unwrap().into_parts().0
}

fn presigned(query: &str) -> Parts {
    let uri = format!(
        "/b/k?X-Amz-Credential={}&X-Amz-SignedHeaders=host&X-Amz-Signature=0{query}",
        SCOPE.replace('/', "%2F")
    );
    Request::builder().uri(uri).header("host", "x").body(()).unwrap().into_parts().0
}

fn code(request: &Parts) -> Option<S3ErrorCode> {
    admit(request, "here").err().map(|error| error.code().clone())
}

#[test]
fn whole_signatures_are_admitted() {
    assert_eq!(code(&signed(&[("x-amz-date", "d")], "host;x-amz-date")), None);
    assert_eq!(code(&presigned("&X-Amz-Expires=60")), None);
}

#[test]
fn anonymous_and_old_signatures_are_refused() {
    let anonymous = Request::builder().uri("/b/k").header("host", "x").body(()).unwrap().into_parts().0;
    assert_eq!(code(&anonymous), Some(S3ErrorCode::AccessDenied));
    let mut old = signed(&[], "host");
    old.headers.insert("authorization", "AWS KEY:signature".parse().unwrap());
    assert_eq!(code(&old), Some(S3ErrorCode::InvalidRequest));
    let query = Request::builder().uri("/b/k?AWSAccessKeyId=K&Signature=s&Expires=1").header("host", "x");
    assert_eq!(code(&query.body(()).unwrap().into_parts().0), Some(S3ErrorCode::InvalidRequest));
}

#[test]
fn what_is_there_must_be_signed() {
    for (headers, list) in [
        (&[("x-amz-date", "d")][..], "x-amz-date"),
        (&[("x-amz-acl", "public-read")], "host"),
        (&[("content-type", "text/html")], "host"),
    ] {
        assert_eq!(code(&signed(headers, list)), Some(S3ErrorCode::AccessDenied), "{headers:?}");
    }
    let mut with_header = presigned("&X-Amz-Expires=60");
    with_header.headers.insert("x-amz-acl", "public-read".parse().unwrap());
    assert_eq!(code(&with_header), Some(S3ErrorCode::AccessDenied));
}

#[test]
fn doubles_are_refused() {
    assert!(code(&signed(&[("x-amz-date", "1"), ("x-amz-date", "2")], "host;x-amz-date")).is_some());
    assert!(code(&signed(&[("host", "y")], "host")).is_some());
    assert!(code(&presigned("&X-Amz-Expires=60&X-Amz-Expires=61")).is_some());
    assert!(code(&presigned("&X-Amz-Expires=60&X-Amz-Signature=1")).is_some());
    let mut both = presigned("&X-Amz-Expires=60");
    both.headers = signed(&[], "host").headers;
    assert!(code(&both).is_some());
}

#[test]
fn a_uri_for_another_host_is_refused() {
    let mut absolute = signed(&[], "host");
    absolute.uri = "http://y/b/k".parse().unwrap();
    assert_eq!(code(&absolute), Some(S3ErrorCode::InvalidRequest));
    absolute.uri = "http://x/b/k".parse().unwrap();
    assert_eq!(code(&absolute), None);
}

#[test]
fn a_scope_for_elsewhere_is_refused() {
    let long = format!("{}/20260101/here/s3/aws4_request", "K".repeat(10_000));
    for scope in [
        "KEY/20260101/there/s3/aws4_request",
        "KEY/20260101/here/sts/aws4_request",
        "KEY/20260101/here/s3/aws4",
        "/20260101/here/s3/aws4_request",
        "KEY",
        "",
        &long,
    ] {
        assert!(check_scope(scope, "here").is_err(), "{scope}");
    }
}

#[test]
fn validity_has_limits_and_tokens_and_forms_are_refused() {
    for query in [
        "",
        "&X-Amz-Expires=0",
        "&X-Amz-Expires=-1",
        "&X-Amz-Expires=604801",
        "&X-Amz-Expires=60&X-Amz-Security-Token=t",
    ] {
        assert!(code(&presigned(query)).is_some(), "{query}");
    }
    assert!(code(&signed(&[("x-amz-security-token", "t")], "host;x-amz-security-token")).is_some());
    let mut form = signed(&[("content-type", "Multipart/form-data; boundary=b")], "content-type;host");
    form.method = Method::POST;
    assert_eq!(code(&form), Some(S3ErrorCode::NotImplemented));
}
