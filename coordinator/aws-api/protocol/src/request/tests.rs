use super::*;
use http::Request;

fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.1");
const START: (&str, &str) = ("x-amz-target", "CodeBuild_20161006.StartBuild");
const CBOR: (&str, &str) = ("content-type", "application/cbor");
const RPC: (&str, &str) = ("smithy-protocol", "rpc-v2-cbor");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
const PATH: &str = "/service/CodeBuild_20161006/operation/StartBuild";

#[test]
fn each_protocol_is_known_by_its_head() {
    for (uri, headers, protocol) in [
        ("/", &[START, JSON][..], Protocol::Json),
        ("/", &[START], Protocol::Json),
        (
            "/?X-Amz-Signature=1",
            &[START, ("content-type", "application/x-amz-json-1.1; charset=utf-8")],
            Protocol::Json,
        ),
        (PATH, &[RPC, CBOR], Protocol::Cbor),
        (PATH, &[RPC], Protocol::Cbor),
        ("/", &[FORM], Protocol::Query),
    ] {
        let call = recognise(&parts("POST", uri, headers)).unwrap().unwrap();
        assert_eq!(call.protocol, protocol, "{uri} {headers:?}");
        if protocol != Protocol::Query {
            assert_eq!((call.target.as_str(), call.operation.as_str()), ("CodeBuild_20161006", "StartBuild"));
        }
    }
}

#[test]
fn a_form_may_be_in_the_address_of_a_get() {
    let recognised = |uri: &str| recognise(&parts("GET", uri, &[])).unwrap().map(|call| call.protocol);
    assert_eq!(recognised("/?Action=GetCallerIdentity&Version=2011-06-15"), Some(Protocol::Query));
    assert_eq!(recognised("/?X-Amz-Signature=1&Action=GetCallerIdentity"), Some(Protocol::Query));
    for other in ["/", "/?action=x", "/?list-type=2&prefix=Action=", "/bucket?Action=GetCallerIdentity"] {
        assert_eq!(recognised(other), None, "{other}");
    }
}

#[test]
fn what_is_no_apis_is_left_to_others() {
    for (method, uri, headers) in [
        ("GET", "/", &[START, JSON][..]),
        ("PUT", "/", &[START, JSON]),
        ("POST", "/bucket", &[START, JSON]),
        ("POST", "//", &[START, JSON]),
        ("POST", PATH, &[CBOR]),
        ("GET", PATH, &[RPC, CBOR]),
        ("POST", "/bucket?uploads", &[RPC]),
        ("POST", "/bucket", &[FORM]),
        ("POST", "/", &[]),
        ("POST", "/", &[("content-type", "multipart/form-data; boundary=x")]),
    ] {
        assert_eq!(recognise(&parts(method, uri, headers)), Ok(None), "{method} {uri} {headers:?}");
    }
}

#[test]
fn a_head_that_is_broken_or_double_is_refused() {
    let target = |text: &'static str| ("x-amz-target", text);
    let long = Box::leak(format!("A.{}", "b".repeat(200)).into_boxed_str());
    for (uri, headers, protocol, code) in [
        ("/", &[target("")][..], Protocol::Json, "UnknownOperationException"),
        ("/", &[target("StartBuild")], Protocol::Json, "UnknownOperationException"),
        ("/", &[target("CodeBuild_20161006.")], Protocol::Json, "UnknownOperationException"),
        ("/", &[target(".StartBuild")], Protocol::Json, "UnknownOperationException"),
        ("/", &[target("A.b c")], Protocol::Json, "UnknownOperationException"),
        ("/", &[target("A.b/../c")], Protocol::Json, "UnknownOperationException"),
        ("/", &[target(long)], Protocol::Json, "UnknownOperationException"),
        ("/", &[target("ü.b")], Protocol::Json, "SerializationException"),
        ("/", &[START, START], Protocol::Json, "SerializationException"),
        ("/", &[START, JSON, JSON], Protocol::Json, "SerializationException"),
        ("/", &[START, RPC], Protocol::Json, "SerializationException"),
        ("/", &[START, FORM], Protocol::Json, "UnsupportedMediaTypeException"),
        ("/", &[START, CBOR], Protocol::Json, "UnsupportedMediaTypeException"),
        (PATH, &[START, RPC], Protocol::Cbor, "SerializationException"),
        (PATH, &[RPC, RPC], Protocol::Cbor, "SerializationException"),
        (PATH, &[RPC, JSON], Protocol::Cbor, "UnsupportedMediaTypeException"),
        (PATH, &[("smithy-protocol", "rpc-v3")], Protocol::Cbor, "UnknownOperationException"),
        ("/service/A", &[RPC], Protocol::Cbor, "UnknownOperationException"),
        ("/service/A/operation/", &[RPC], Protocol::Cbor, "UnknownOperationException"),
        ("/service/A/operation/B/", &[RPC], Protocol::Cbor, "UnknownOperationException"),
        ("/service/A/operation/B;x", &[RPC], Protocol::Cbor, "UnknownOperationException"),
        ("/service//operation/B", &[RPC], Protocol::Cbor, "UnknownOperationException"),
        ("/service/A/operation/%42", &[RPC], Protocol::Cbor, "UnknownOperationException"),
    ] {
        let refusal = recognise(&parts("POST", uri, headers)).unwrap_err();
        assert_eq!((refusal.protocol, &*refusal.error.code), (protocol, code), "{uri} {headers:?}");
    }
}
