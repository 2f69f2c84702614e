use super::*;
use http::Request;

fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri).header("host", "x");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn code(method: &str, uri: &str, headers: &[(&str, &str)]) -> Option<S3ErrorCode> {
    admit(&request(method, uri, headers)).err().map(|error| error.code().clone())
}

#[test]
fn ordinary_requests_are_admitted() {
    assert_eq!(code("GET", "/b/k?list-type=2&prefix=&X-Amz-Expires=1", &[("x-amz-date", "d")]), None);
    assert_eq!(code("PUT", "/b/k", &[("content-type", "multipart/mixed"), ("authorization", "AWS4-HMAC")]), None);
}

#[test]
fn signature_version_2_is_refused() {
    assert_eq!(code("GET", "/b/k", &[("authorization", "AWS KEY:sig")]), Some(S3ErrorCode::InvalidRequest));
    for query in ["AWSAccessKeyId=K&Signature=s&Expires=1", "%41WSAccessKeyId=K", "Signatur%65=s"] {
        assert_eq!(code("GET", &format!("/b/k?{query}"), &[]), Some(S3ErrorCode::InvalidRequest), "{query}");
    }
}

#[test]
fn doubles_are_refused() {
    for name in ["x-amz-date", "x-amz-copy-source", "authorization", "content-type"] {
        assert_eq!(code("GET", "/", &[(name, "1"), (name, "1")]), Some(S3ErrorCode::InvalidRequest), "{name}");
    }
    for query in ["prefix=a&prefix=b", "prefix=a&prefi%78=a", "X-Amz-Expires=60&X-Amz-Expires=61"] {
        assert_eq!(code("GET", &format!("/b?{query}"), &[]), Some(S3ErrorCode::InvalidRequest), "{query}");
    }
}

#[test]
fn forms_and_broken_queries_are_refused() {
    let form = [("content-type", "Multipart/form-data; boundary=b")];
    assert_eq!(code("POST", "/b", &form), Some(S3ErrorCode::NotImplemented));
    assert_eq!(code("GET", "/b?prefix=%2", &[]), Some(S3ErrorCode::InvalidURI));
}
