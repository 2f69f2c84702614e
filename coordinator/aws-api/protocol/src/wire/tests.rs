use super::*;
use std::borrow::Cow;

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn an_answer_has_its_protocols_form_and_no_nulls() {
    let value = json!({ "a": null, "b": [{ "c": null, "d": 1 }], "e": {} });
    let response = Protocol::Json.answer(value.clone(), None, "id-1");
    assert_eq!(&response.body()[..], br#"{"b":[{"d":1}],"e":{}}"#);
    assert_eq!(header(&response, "content-type"), "application/x-amz-json-1.1");
    assert_eq!(header(&response, "x-amzn-requestid"), "id-1");
    let response = Protocol::Cbor.answer(value, None, "id-1");
    assert_eq!(cbor::decode(response.body(), None).unwrap(), json!({ "b": [{ "d": 1 }], "e": {} }));
    assert_eq!(header(&response, "content-type"), "application/cbor");
    assert_eq!(header(&response, "smithy-protocol"), "rpc-v2-cbor");
    assert_eq!(&Protocol::Json.answer(json!({}), None, "id").body()[..], b"{}");
}

#[test]
fn an_error_has_its_protocols_form_and_its_status() {
    for (error, status) in [
        (ApiError::new("InvalidInputException", "no <&\u{1}"), 400),
        (ApiError::unknown_operation("none"), 404),
        (ApiError::internal("ours"), 500),
        (ApiError::unavailable("later"), 503),
    ] {
        let response = Protocol::Json.error(&error, "id-1");
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "x-amzn-errortype"), error.code);
        assert_eq!(json::decode(response.body()).unwrap(), json!({ "__type": error.code, "message": error.message }));
        let response = Protocol::Cbor.error(&error, "id-1");
        assert_eq!((response.status().as_u16(), header(&response, "x-amzn-requestid")), (status, "id-1"));
        assert_eq!(cbor::decode(response.body(), None).unwrap()["__type"], *error.code);
        let response = Protocol::Query.error(&error, "id-1");
        let text = std::str::from_utf8(response.body()).unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "content-type")), (status, "text/xml"));
        assert!(text.contains(&format!("<Code>{}</Code>", error.code)) && text.contains("<RequestId>id-1<"), "{text}");
        assert!(!text.contains("<&") && !text.contains('\u{1}'), "{text}");
    }
}

#[test]
fn a_code_that_is_no_header_is_left_out_of_it() {
    let error = ApiError::new(Cow::Borrowed("a\nb"), "m");
    assert!(!Protocol::Json.error(&error, "id").headers().contains_key("x-amzn-errortype"));
}

#[test]
fn a_form_is_read_and_a_double_field_refused() {
    let read = |form: &[u8]| Protocol::Query.decode(form, None);
    assert_eq!(read(b"Action=A%20b+c&Version=1").unwrap(), json!({ "Action": "A b c", "Version": "1" }));
    assert_eq!(read(b"").unwrap(), json!({}));
    for form in [&b"Action=a&Action=b"[..], b"Action=%ff", b"\xff=1"] {
        assert_eq!(read(form).unwrap_err().code, "MalformedQueryString");
    }
    assert!(read(&b"a=b&".repeat(200_000)).is_err());
}
