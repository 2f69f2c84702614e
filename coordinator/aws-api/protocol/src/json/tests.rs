use super::*;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn what_is_no_object_is_refused() {
    let deep = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    for (body, part) in [
        ("[]", "not a structure"),
        ("1", "not a structure"),
        ("null", "not a structure"),
        ("{", "EOF"),
        (" ", "EOF"),
        ("{}{}", "trailing"),
        ("{} x", "trailing"),
        (r#"{"a":1,"a":2}"#, "'a' is there twice"),
        (r#"{"a":null,"a":2}"#, "'a' is there twice"),
        (r#"{"a":[{"b":{},"b":1}]}"#, "'b' is there twice"),
        (r#"{"a":NaN}"#, "expected"),
        (r#"{"a":1e999}"#, "out of range"),
        (r#"{"a":"\ud800"}"#, "hex escape"),
        (r#"{'a':1}"#, "key must be a string"),
        (r#"{"a":1,}"#, "trailing comma"),
        (&deep(65), "nested too deeply"),
        (&deep(100_000), "nested too deeply"),
        (&format!("{{\"a\":[{}1]}}", "1,".repeat(100_000)), "too many values"),
    ] {
        let error = decode(body.as_bytes()).unwrap_err();
        assert_eq!(error.code, "SerializationException");
        assert!(error.message.contains(part), "{part}: {}", error.message);
    }
    for body in [&b"{\"a\":\"\xff\"}"[..], b"\xff\xfe{\0}\0", b"{\"\xc0\x80\":1}", b"\0"] {
        assert_eq!(decode(body).unwrap_err().code, "SerializationException");
    }
    assert!(decode(deep(60).as_bytes()).is_ok());
}

#[test]
fn what_is_empty_or_null_is_not_there() {
    assert_eq!(decode(b"").unwrap(), json!({}));
    assert_eq!(decode(br#" {"a":null,"b":{"c":null},"d":[null]} "#).unwrap(), json!({ "b": {}, "d": [null] }));
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode(&body).ok();
    }

    #[test]
    fn nothing_like_json_breaks_the_reader(body in r#"[\[\]{}:,"\\a0-9e.nu -]{0,60}"#) {
        if let Ok(value) = decode(body.as_bytes()) {
            prop_assert!(value.is_object());
        }
    }
}
