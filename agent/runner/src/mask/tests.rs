use super::*;
use proptest::prelude::*;
use std::sync::Arc;

fn masker(secrets: &[&str]) -> Arc<Masker> {
    Arc::new(Masker::new(secrets.iter().map(|value| ("NAME", *value))).unwrap().0)
}

/// Feeds the pieces one by one.
fn masked(secrets: &[&str], pieces: &[&[u8]]) -> String {
    let mut stream = Stream::new(masker(secrets));
    let mut out = Vec::new();
    for piece in pieces {
        stream.feed(piece, &mut out);
    }
    stream.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn a_secret_is_masked_at_every_split() {
    let text = b"before \x1b[31mhunter2secret\x1b[0m\r\nhunter2secret after hunter2secre";
    let expected = "before \x1b[31m***\x1b[0m\r\n*** after hunter2secre";
    for first in 0..=text.len() {
        for second in first..=text.len() {
            let pieces = [&text[..first], &text[first..second], &text[second..]];
            assert_eq!(masked(&["hunter2secret"], &pieces), expected, "split at {first} and {second}");
        }
    }
}

#[test]
fn overlapping_nested_and_adjacent_secrets_leave_nothing_visible() {
    let secrets = ["xxab", "abcd", "abcdefgh"];
    assert_eq!(masked(&secrets, &[b"-xxabcd-"]), "-***-");
    assert_eq!(masked(&secrets, &[b"-xxab", b"cd-"]), "-***-");
    assert_eq!(masked(&secrets, &[b"-abcd", b"efgh-"]), "-***-");
    assert_eq!(masked(&secrets, &[b"-abcd", b"efgX-"]), "-***efgX-");
    assert_eq!(masked(&secrets, &[b"abcdabcd"]), "******");
}

#[test]
fn access_key_ids_are_masked_whole() {
    let id = b"AKIAIOSFODNN7EXAMPLE";
    for cut in 0..=id.len() {
        assert_eq!(masked(&[], &[b"id=", &id[..cut], &id[cut..], b"."]), "id=***.", "cut at {cut}");
    }
    assert_eq!(masked(&[], &[b"ASIA0123456789ABCDEFG"]), "***G");
    assert_eq!(masked(&[], &[b"AKIA is short, AKIAIOSFODNN7EXAMPL"]), "AKIA is short, AKIAIOSFODNN7EXAMPL");
    assert_eq!(masked(&[], &[b"AKIAIOSfODNN7EXAMPLE"]), "AKIAIOSfODNN7EXAMPLE");
}

#[test]
fn each_line_of_a_long_secret_is_one() {
    let pem = "-----BEGIN KEY-----\nMIIEowIBAAKC\r\nAb1\n-----END KEY-----\n";
    assert_eq!(masked(&[pem], &[b"MIIEowIBAAKC\r\n-----END KEY-----"]), "***\r\n***");
    assert_eq!(masked(&[pem], &[b"whole: ", pem.as_bytes()]), "whole: ***\n");
}

#[test]
fn short_common_and_empty_values_are_not_secrets() {
    let values = ["", "\n", "abc", "true", "FALSE", " x \n"];
    let (masker, ignored) = Masker::new(values.iter().map(|value| ("NAME", *value))).unwrap();
    assert_eq!(ignored.len(), values.len());
    assert_eq!(Arc::new(masker).mask_text("abc true x"), "abc true x");
    assert_eq!(Arc::new(Masker::new([("N", "äöü!")]).unwrap().0).mask_text("<äöü!>"), "<***>");
}

#[test]
fn a_pause_shows_three_bytes_at_most_and_the_rest_is_still_masked() {
    let mut stream = Stream::new(masker(&["hunter2"]));
    let mut out = Vec::new();
    stream.feed(b"say: hun", &mut out);
    assert_eq!(out, b"say: ");
    assert!(stream.waits_for_pause());
    stream.pause(&mut out);
    assert_eq!(out, b"say: hun");
    assert!(!stream.waits_for_pause());
    stream.feed(b"ter", &mut out);
    stream.pause(&mut out);
    assert_eq!(out, b"say: hun");
    stream.feed(b"2!", &mut out);
    stream.finish(&mut out);
    assert_eq!(out, b"say: hun***!");
}

#[test]
fn what_a_pause_has_shown_is_not_shown_twice() {
    let mut stream = Stream::new(masker(&["hunter2"]));
    let mut out = Vec::new();
    for piece in [&b"h"[..], b"u", b"x hu", b"h"] {
        stream.feed(piece, &mut out);
        stream.pause(&mut out);
    }
    stream.finish(&mut out);
    assert_eq!(out, b"hux huh");
}

#[test]
fn a_thousand_secrets_do_not_change_clean_output() {
    let secrets: Vec<String> = (0..1000).map(|n| format!("s3cr3t-{n:04}-{n:x}")).collect();
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let line = "[INFO] compiling module 17 of 200 with s3cr3t care\n".repeat(2000);
    assert_eq!(masked(&secrets, &[line.as_bytes()]), line);
    assert_eq!(masked(&secrets, &[b"x s3cr3t-0999", b"-3e7 y"]), "x *** y");
}

proptest! {
    #[test]
    fn the_cut_does_not_matter(
        text in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'c')], 0..60),
        cuts in proptest::collection::vec(0usize..60, 0..8),
    ) {
        let secrets = ["abab", "babca", "caaa", "aaaaaa"];
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        let whole = masked(&secrets, &[&text]);
        prop_assert_eq!(masked(&secrets, &pieces), whole.clone());
        for secret in secrets {
            prop_assert!(!whole.contains(secret));
        }
    }
}
