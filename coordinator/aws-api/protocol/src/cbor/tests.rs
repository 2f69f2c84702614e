use super::*;
use crate::json;
use crate::shape::Shapes;
use proptest::prelude::*;
use serde_json::{Value, json};

const TEXT: &str = "operation Keep { at: time, raw: blob, ratio: double, name: str, size: long, parts: [Part], all: map<str, time> } -> {}
Part { at: time }";

fn shapes() -> Shapes {
    Shapes::parse(TEXT).unwrap()
}

fn read(hex: &str) -> Result<Value, String> {
    let digits: String = hex.split_whitespace().collect();
    let bytes: Vec<u8> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
    decode(&bytes, shapes().input("Keep")).map_err(|error| error.message)
}

#[test]
fn every_form_of_a_value_is_read() {
    for (hex, value) in [
        ("", json!({})),
        ("a0", json!({})),
        ("bfff", json!({})),
        ("bf 646e616d65 6161 ff", json!({ "name": "a" })),
        // Text and bytes in pieces.
        ("a1 646e616d65 7f 6161 60 6162 ff", json!({ "name": "ab" })),
        ("a1 63726177 5f 4101 4102 ff", json!({ "raw": "AQI=" })),
        ("a1 63726177 43010203", json!({ "raw": "AQID" })),
        // Half, single and double.
        ("a1 65726174696f f93e00", json!({ "ratio": 1.5 })),
        ("a1 65726174696f fa3fc00000", json!({ "ratio": 1.5 })),
        ("a1 65726174696f fb3ff8000000000000", json!({ "ratio": 1.5 })),
        ("a1 6473697a65 3903e7", json!({ "size": -1000 })),
        ("a1 6473697a65 3b7fffffffffffffff", json!({ "size": i64::MIN })),
        ("a1 6473697a65 1b0000000000000001", json!({ "size": 1 })),
        ("a1 626174 c1 1a5c4f8d96", json!({ "at": 1_548_717_462 })),
        ("a1 626174 c1 fb41d713e36587ced9", json!({ "at": 1_548_717_462.122 })),
        ("a1 657061727473 9f a1 626174 c1 01 ff", json!({ "parts": [{ "at": 1 }] })),
        ("a1 63616c6c a1 6178 c1 01", json!({ "all": { "x": 1 } })),
        // Null and undefined are not there.
        ("a2 646e616d65 f6 6473697a65 f7", json!({})),
        // What nobody knows may be anything.
        ("a1 6178 d9d9f7 4101", json!({ "x": "AQ==" })),
    ] {
        assert_eq!(read(hex).as_ref(), Ok(&value), "{hex}");
    }
}

#[test]
fn what_is_no_map_of_the_shape_is_refused() {
    for (hex, part) in [
        ("80", "not a structure"),
        ("01", "not a structure"),
        ("a0 a0", "goes on after its end"),
        ("a1", "ends early"),
        ("ff", "an end of nothing"),
        ("a1 01 01", "name is no text"),
        ("a1 646e616d65 ff", "an end of nothing"),
        ("a2 646e616d65 6161 646e616d65 6161", "'name' is there twice"),
        ("a1 646e616d65 61ff", "wrong byte"),
        ("a1 646e616d65 7f 4161 ff", "wrong byte"),
        ("a1 646e616d65 1c", "wrong byte"),
        ("a1 646e616d65 4161", "bytes where none belong"),
        ("a1 63726177 6161", "text where bytes belong"),
        ("a1 646e616d65 c1 6161", "tag 1"),
        ("a1 626174 c2 4101", "tag 2"),
        ("a1 65726174696f f97e00", "not finite"),
        ("a1 65726174696f fa7f800000", "not finite"),
        ("a1 6473697a65 3bffffffffffffffff", "out of range"),
        ("a1 6178 f8ff", "no meaning"),
        // Lengths that nobody has sent.
        ("a1 646e616d65 7bffffffffffffffff 61", "ends early"),
        ("a1 63726177 5b7fffffffffffffff 61", "ends early"),
        ("a1 646e616d65 7f 7bffffffffffffffff 61", "ends early"),
        ("a1 657061727473 9bffffffffffffffff a0", "ends early"),
        ("bbffffffffffffffff", "ends early"),
    ] {
        let message = read(hex).unwrap_err();
        assert!(message.contains(part), "{hex}: {message}");
    }
    for (repeated, part) in [("81", "deeply"), ("d8c6", "deeply"), ("9f", "deeply"), ("7f", "ends early")] {
        let message = read(&format!("a1 6178 {}", repeated.repeat(10_000))).unwrap_err();
        assert!(message.contains(part), "{repeated}: {message}");
    }
    let many = format!("a1 6178 9a000186a1 {}", "01".repeat(100_001));
    assert!(read(&many).unwrap_err().contains("too many values"));
}

#[test]
fn times_doubles_and_blobs_leave_as_such() {
    let shapes = shapes();
    let hex = |value: Value| {
        let bytes = encode(&value, shapes.input("Keep"));
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(hex(json!({ "at": 1_548_717_462.5 })), "a1626174c1fb41d713e365a00000");
    assert_eq!(hex(json!({ "at": 1 })), "a1626174c1fb3ff0000000000000");
    assert_eq!(hex(json!({ "ratio": 2 })), "a165726174696ffb4000000000000000");
    assert_eq!(hex(json!({ "raw": "AQI=" })), "a163726177420102");
    assert_eq!(hex(json!({ "name": "AQI=" })), "a1646e616d65644151493d");
    assert_eq!(hex(json!({ "size": i64::MIN })), "a16473697a653b7fffffffffffffff");
    assert_eq!(hex(json!({ "size": -1000 })), "a16473697a653903e7");
    assert_eq!(hex(json!({ "size": 65_536 })), "a16473697a651a00010000");
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Exact in both; the JSON library is off by one bit for the longest ones.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(".{0,6}", inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn cbor_and_json_say_the_same(value in anything()) {
        let value = json!({ "x": value });
        let by_cbor = decode(&encode(&value, None), None).unwrap();
        let by_json = json::decode(&json::encode(&value)).unwrap();
        prop_assert_eq!(&by_cbor, &value);
        prop_assert_eq!(&by_cbor, &by_json);
    }

    #[test]
    fn no_bytes_break_the_reader(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode(&body, None).ok();
        decode(&body, shapes().input("Keep")).ok();
        let mut member = vec![0xa1, 0x61, b'x'];
        member.extend(body);
        decode(&member, None).ok();
    }
}
