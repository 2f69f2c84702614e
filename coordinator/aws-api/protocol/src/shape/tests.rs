use super::*;
use serde_json::{Value, json};

const TEXT: &str = "\
# A remark.
operation Make { name*: str 2..5 /[a-z]\\w*/, kind: Kind, parts: [Part] ..2, size: int 5..10, when: time,
    token: secret str 3.., ratio: double 0..1, raw: secret blob ..4, counts: map<str 1..3, long>, quick: bool,
    hidden: [Hidden] ..1 } -> { part: Part }

Part { type*: Kind, next?: str, path: str /\\/.*/ }
Hidden { key: str, word*: secret str }
enum Kind BIG SMALL
";

fn shapes() -> Shapes {
    Shapes::parse(TEXT).unwrap()
}

fn told(input: Value) -> String {
    shapes().check_input("Make", &input).unwrap_err().to_string()
}

#[test]
fn broken_constraints_are_told_in_awss_words() {
    for (input, message) in [
        (json!({}), "Value null at 'name' failed to satisfy constraint: Member must not be null"),
        (json!({ "name": null }), "Value null at 'name' failed to satisfy constraint: Member must not be null"),
        (
            json!({ "name": "a" }),
            "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
        ),
        (
            json!({ "name": "a-b" }),
            "Value 'a-b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]\\w*",
        ),
        (
            json!({ "name": "äöüaa" }),
            "Value 'äöüaa' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]\\w*",
        ),
        (
            json!({ "name": "ab", "kind": "big" }),
            "Value 'big' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [BIG, SMALL]",
        ),
        (
            json!({ "name": "ab", "parts": [{ "type": "BIG" }, { "type": "X" }] }),
            "Value 'X' at 'parts.2.member.type' failed to satisfy constraint: Member must satisfy enum value set: [BIG, SMALL]",
        ),
        (
            json!({ "name": "ab", "parts": [null] }),
            "Value null at 'parts.1.member' failed to satisfy constraint: Member must not be null",
        ),
        (
            json!({ "name": "ab", "size": 11 }),
            "Value '11' at 'size' failed to satisfy constraint: Member must have value less than or equal to 10",
        ),
        (
            json!({ "name": "ab", "ratio": 1.5 }),
            "Value '1.5' at 'ratio' failed to satisfy constraint: Member must have value less than or equal to 1",
        ),
        (
            json!({ "name": "ab", "counts": { "long": 1 } }),
            "Value 'long' at 'counts.long.member' failed to satisfy constraint: Member must have length less than or equal to 3",
        ),
        // Nothing secret is shown, wherever it stands.
        (
            json!({ "name": "ab", "token": "no" }),
            "Value at 'token' failed to satisfy constraint: Member must have length greater than or equal to 3",
        ),
        (
            json!({ "name": "ab", "raw": "AAAAAAA=" }),
            "Value at 'raw' failed to satisfy constraint: Member must have length less than or equal to 4",
        ),
        (
            json!({ "name": "ab", "hidden": [{ "word": "no", "key": "k", "other": "no" }, { "word": "no" }] }),
            "Value '[{key=k, word=***}, {word=***}]' at 'hidden' failed to satisfy constraint: Member must have length less than or equal to 1",
        ),
    ] {
        assert_eq!(told(input), format!("1 validation error detected: {message}"));
    }
}

#[test]
fn all_broken_constraints_are_told_together() {
    let message = told(json!({ "kind": "x", "size": 1 }));
    assert!(message.starts_with("3 validation errors detected: Value null at 'name'"), "{message}");
    assert_eq!(message.matches("; Value").count(), 2, "{message}");
    let many = json!({ "name": "ab", "parts": vec![json!({}); 10_000] });
    assert!(told(many).len() < 10_000);
    assert!(told(json!({ "name": "x".repeat(1_000_000) })).len() < 1000);
}

#[test]
fn a_wrong_type_is_told_before_all_else() {
    for (input, message) in [
        (json!({ "kind": 1 }), "NUMBER_VALUE at 'kind' can not be converted to a String"),
        (json!({ "size": "7" }), "STRING_VALUE at 'size' can not be converted to an Integer"),
        (json!({ "size": 7.5 }), "NUMBER_VALUE at 'size' can not be converted to an Integer"),
        (json!({ "size": 3_000_000_000_u64 }), "NUMBER_VALUE at 'size' can not be converted to an Integer"),
        (json!({ "parts": { "type": 1 } }), "STRUCTURE_VALUE at 'parts' can not be converted to a List"),
        (json!({ "parts": [[]] }), "LIST_VALUE at 'parts.1.member' can not be converted to a Structure"),
        (json!({ "raw": "???" }), "STRING_VALUE at 'raw' can not be converted to base64"),
        (json!({ "when": "2026-01-01" }), "STRING_VALUE at 'when' can not be converted to a Timestamp"),
    ] {
        assert_eq!(told(input.clone()), message);
        let error = shapes().check_input("Make", &input).unwrap_err().into_error("X");
        assert_eq!(error.code, "SerializationException");
    }
}

#[test]
fn unknown_members_pass_in_and_not_out() {
    let shapes = shapes();
    assert_eq!(shapes.check_input("Make", &json!({ "name": "ab", "other": { "a": [1] } })), Ok(()));
    assert_eq!(
        shapes.check_output("Make", &json!({ "part": { "type": "BIG", "path": "no slash", "next": "n" } })),
        Ok(())
    );
    for output in [json!({ "other": 1 }), json!({ "part": { "type": "BIG", "kind": "BIG" } }), json!({ "part": {} })] {
        assert!(shapes.check_output("Make", &output).is_err(), "{output}");
    }
    assert!(shapes.check_input("Break", &json!({})).is_err());
}

#[test]
fn a_broken_text_is_told_with_its_line() {
    for (text, line, part) in [
        ("Tag { key: text }", 1, "text is not defined"),
        ("# x\nTag {\n  key: [str 1.. }", 3, "] is missing"),
        ("Tag { key: str /a", 1, "a pattern has no end"),
        ("Tag { key: str /(/ }", 1, "/(/"),
        ("Tag { key: str 1 }", 1, "1 is no range"),
        ("Tag { key: str, key: str }", 1, "key is there twice"),
        ("Tag {}\n\nTag {}", 3, "Tag is defined twice"),
        ("operation A {}\noperation A {} -> {}", 2, "-> and what the operation gives"),
        ("operation A {} -> {}\noperation A {} -> {}", 2, "A is defined twice"),
        ("enum A\nB {}", 1, "an enum without values"),
        ("Tag {} more", 1, "a definition begins in the first column"),
        ("Tag {\n  key%: str }", 2, "'%' means nothing here"),
        ("Tag {", 1, "a member is missing at the end"),
    ] {
        let error = Shapes::parse(text).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn shapes_print_as_they_were_written() {
    let lines = shapes().lines();
    for line in [
        "Make input.name*: str 2..5 /[a-z]\\w*/",
        "Make input.parts: [Part] ..2",
        "Make input.counts: map<str 1..3, long>",
        "Part.path: str /\\/.*/",
        "Hidden.word*: secret str",
        "enum Kind BIG SMALL",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} in {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.starts_with("Part.next")));
}

#[test]
fn each_way_to_break_an_example_is_told() {
    let shapes = shapes();
    let whole = shapes.example("Make").unwrap();
    assert_eq!(shapes.check_input("Make", &whole), Ok(()), "{whole}");
    assert!(shapes.broken("Make").len() > 25);
    for broken in shapes.broken("Make") {
        assert!(shapes.check_input("Make", &broken.input).is_err(), "{broken:?}");
    }
}
