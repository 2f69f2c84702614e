use super::*;
use std::fmt::Write as _;

/// The tree as JSON-like text, nulls as `~`.
fn shown(text: &str) -> String {
    let tree = read(text).unwrap_or_else(|error| panic!("{text}: {error}")).unwrap();
    let mut out = String::new();
    show(&tree, tree.root(), &mut out);
    out
}

fn show(tree: &Tree, id: NodeId, out: &mut String) {
    match tree.kind(id) {
        Kind::Scalar { .. } if tree.is_null(id) => out.push('~'),
        Kind::Scalar { text, .. } => write!(out, "{text:?}").unwrap(),
        Kind::Sequence(items) => {
            out.push('[');
            for item in items {
                show(tree, *item, out);
                out.push(' ');
            }
            out.push(']');
        }
        Kind::Mapping(entries) => {
            out.push('{');
            for (key, value) in entries {
                show(tree, *key, out);
                out.push(':');
                show(tree, *value, out);
                out.push(' ');
            }
            out.push('}');
        }
    }
}

fn fault(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn scalars_keep_their_text() {
    assert_eq!(
        shown("[3.10, 1.20, 007, 0x1F, yes, 1e3, 'it''s', \"a\\tb\"]"),
        r#"["3.10" "1.20" "007" "0x1F" "yes" "1e3" "it's" "a\tb" ]"#
    );
    assert_eq!(shown("a: |\n  x\n  y\nb: >-\n  x\n  y\n"), r#"{"a":"x\ny\n" "b":"x y" }"#);
}

#[test]
fn nulls_are_plain_only() {
    assert_eq!(shown("[~, null, Null, NULL, '~', \"null\", '', !!str , !Sub x]"), r#"[~ ~ ~ ~ "~" "null" "" "" "x" ]"#);
    assert_eq!(shown("a:\nb: # nothing\n"), r#"{"a":~ "b":~ }"#);
}

#[test]
fn merge_keys_fill_in_what_is_missing() {
    let text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 0\n  '<<': text\n";
    assert!(shown(text).ends_with(r#""z":{"a":"0" "<<":"text" "b":"2" "c":"4" } }"#), "{}", shown(text));
    assert_eq!(shown("<<: {a: 1}\n<<: {b: 2}"), r#"{"a":"1" "b":"2" }"#);
    assert_eq!(fault("a: 1\n<<: text"), "map merge requires map or sequence of maps as the value at line 2");
    assert_eq!(fault("<<: [{a: 1}, b]"), "map merge requires map or sequence of maps as the value at line 1");
}

#[test]
fn a_key_stands_once_and_is_text() {
    assert_eq!(fault("a: 1\nb: 2\n\"a\": 3\n"), "key \"a\" at line 3 already set at line 1");
    assert_eq!(fault("x: 1\n? [a]\n: b\n"), "a map's key must be text: found a list or map at line 2");
}

#[test]
fn aliases_stand_for_their_anchors() {
    assert_eq!(shown("- &a [1, 2]\n- *a\n- &a 3\n- *a"), r#"[["1" "2" ] ["1" "2" ] "3" "3" ]"#);
    assert_eq!(fault("a: &x [*x]"), "an anchor's value contains itself at line 1");
    assert_eq!(fault("a:\n  - *nobody\n"), "unknown anchor 'nobody' referenced at line 2");
}

#[test]
fn tags_of_objects_are_refused() {
    assert_eq!(
        fault("a:\n  - !!python/object/apply:os.system [ls]\n"),
        "the tag !!python/object/apply:os.system means nothing in a buildspec at line 2"
    );
    assert_eq!(fault("a: !!binary aGk="), "the tag !!binary means nothing in a buildspec at line 1");
    assert_eq!(shown("!!map {a: !!int 1, b: !local [x]}"), r#"{"a":"1" "b":["x" ] }"#);
}

#[test]
fn only_one_document_is_read() {
    assert_eq!(shown("---\na: b\n---\n"), r#"{"a":"b" }"#);
    assert_eq!(shown("%YAML 1.2\n---\na: b\n...\n"), r#"{"a":"b" }"#);
    assert_eq!(fault("a: b\n---\nc: d\n"), "the buildspec holds a second YAML document at line 2");
    assert!(read("").unwrap().is_none());
    assert!(read("# nothing\n---\n").unwrap().is_none());
}

#[test]
fn flow_collections_may_end_below_their_key() {
    let text = "a:\n  b: [\n    \"x\",\n  \"y\"\n  ]\n  c: {\n\"k\": \"v\"\n}\n  d: e\n";
    assert_eq!(shown(text), r#"{"a":{"b":["x" "y" ] "c":{"k":"v" } "d":"e" } }"#);
    assert_eq!(shown("a:\n  - b: [\n\"x\"\n]\n"), r#"{"a":[{"b":["x" ] } ] }"#);
}

#[test]
fn quoted_text_may_go_on_at_the_margin() {
    assert_eq!(shown("a:\n  - \"one\ntwo\n\n three\"\n  - 'x\ny'\n"), r#"{"a":["one two\nthree" "x y" ] }"#);
}

#[test]
fn tabs_may_follow_a_colon_but_not_indent() {
    assert_eq!(shown("a:\tb\nc:\t\td\n"), r#"{"a":"b" "c":"d" }"#);
    assert_eq!(shown("{\n\t\"a\": [\n\t\t\"b\"\n\t]\n}\n"), r#"{"a":["b" ] }"#);
    assert_eq!(shown("a:\n  b: \"x\n\ty\"\n"), r#"{"a":{"b":"x y" } }"#);
    assert_eq!(fault("a:\n  b:\n\t- c\n"), "found character that cannot start any token at line 3");
    assert_eq!(fault("a:\n\tb: c\n"), "found character that cannot start any token at line 2");
    assert_eq!(fault("a:\n  - b\n\t- c\n"), "found a tab character that violates indentation at line 3");
}

#[test]
fn places_are_those_of_the_text_as_given() {
    let text = "a:\n  b: [\n  \"x\", *no\n  ]\n";
    let error = read(text).unwrap_err();
    assert_eq!(error.position, Some(Position { line: 3, column: 8 }));
}

#[test]
fn syntax_faults_are_told_in_go_yamls_words() {
    let table = [
        ("a: [x, y\nb: c\n", "did not find expected ',' or ']' at line 2"),
        ("a: [\"x\"\n \"y\"]\n", "did not find expected ',' or ']' at line 2"),
        ("a: {x: y\n", "did not find expected ',' or '}' at line 2"),
        ("a: @x\n", "found character that cannot start any token at line 1"),
        ("a: `x`\n", "found character that cannot start any token at line 1"),
        ("a: %x\n", "found character that cannot start any token at line 1"),
        ("a: b: c\n", "mapping values are not allowed in this context at line 1"),
        ("a: 1\n b: 2\n", "mapping values are not allowed in this context at line 2"),
        ("a: \"x\n", "found unexpected end of stream at line 1"),
        ("a: \"\\q\"\n", "found unknown escape character at line 1"),
        ("a: \"b\" c\n", "did not find expected key at line 1"),
        ("a: ]\n", "did not find expected node content at line 1"),
        ("a:\n  - x: y\n    z\n", "could not find expected ':' at line 4"),
        ("a: b\n- c\n", "did not find expected key at line 2"),
    ];
    for (text, expected) in table {
        assert_eq!(fault(text), expected, "{text:?}");
    }
}

#[test]
fn quoted_texts_end_where_their_quote_does_when_they_are_moved() {
    let text = "a:\n  b: \"x \\\"\n1: 'y'\n\\\\\"\n  c: 'it''s\n2'\n  d: [\n\"e\"\n]\n  f: \"g\n";
    let error = read(text).unwrap_err();
    assert_eq!(error.to_string(), "found unexpected end of stream at line 10");
    assert_eq!(error.position.map(|at| at.column), Some(6));
    assert_eq!(shown(&text.replace("\"g", "g")), r#"{"a":{"b":"x \" 1: 'y' \\" "c":"it's 2" "d":["e" ] "f":"g" } }"#);
}
