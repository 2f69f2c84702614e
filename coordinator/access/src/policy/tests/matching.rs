//! Wildcards: equal to a plain matcher, and without a pattern that takes long.

use crate::policy::Context;
use crate::policy::glob;
use crate::policy::pattern::{Pattern, Syntax};
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn fits(pattern: &str, text: &str) -> bool {
    let context = Context::new();
    let pattern = Pattern::parse(pattern, Syntax { wildcards: true, variables: false }).unwrap();
    glob::matches(&pattern.fill(&context).unwrap(), text)
}

/// By the definition, one letter after the other.
pub(super) fn plain(pattern: &[char], text: &[char]) -> bool {
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for unit in pattern {
        let mut next = vec![false; text.len() + 1];
        match unit {
            '*' => {
                let first = reach.iter().position(|reached| *reached).unwrap_or(reach.len());
                next[first..].fill(true);
            }
            _ => {
                for at in 0..text.len() {
                    next[at + 1] = reach[at] && (*unit == '?' || *unit == text[at]);
                }
            }
        }
        reach = next;
    }
    reach[text.len()]
}

#[test]
fn wildcards_span_slashes_and_colons() {
    for (pattern, text) in [
        ("*", ""),
        ("arn:aws:codebuild:*:project/a*", "arn:aws:codebuild:eu-central-1:1:project/a/../b"),
        ("a?c*", "abc"),
        ("*é?", "caféx"),
        ("codebuild:*build", "codebuild:startbuild"),
    ] {
        assert!(fits(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [
        ("", "a"),
        ("?", ""),
        ("?", "ab"),
        ("a*a", "a"),
        ("codebuild:*build", "codebuild:batchgetbuilds"),
        ("*ab*ab*", "xaby"),
        ("Project", "project"),
    ] {
        assert!(!fits(pattern, text), "{pattern} {text}");
    }
}

#[test]
fn no_pattern_takes_long() {
    let long = "a".repeat(100_000);
    for pattern in
        ["*".repeat(100_000), "*a".repeat(50_000), "*?a".repeat(33_000), format!("*{}b*", "a?".repeat(3_000))]
    {
        let begin = Instant::now();
        let is_all_stars = pattern.len() == 100_000;
        assert_eq!(fits(&pattern, &long), is_all_stars || pattern.starts_with("*?a"), "{}", &pattern[..9]);
        assert!(begin.elapsed() < Duration::from_secs(10), "{}: {:?}", &pattern[..9], begin.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_matcher_equals_the_plain_one(pattern in "[abé*?]{0,12}", text in "[abé]{0,14}") {
        let letters = |text: &str| text.chars().collect::<Vec<char>>();
        prop_assert_eq!(fits(&pattern, &text), plain(&letters(&pattern), &letters(&text)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn long_pieces_with_question_marks_are_found(
        piece in "[ab?]{60,140}", before in "[ab]{0,90}", after in "[ab]{0,90}", other in "[ab]{150}",
    ) {
        let letters = |text: &str| text.chars().collect::<Vec<char>>();
        let pattern = format!("*{piece}*");
        let holding = [before, piece.replace('?', "b"), after].concat();
        prop_assert!(fits(&pattern, &holding));
        prop_assert_eq!(fits(&pattern, &other), plain(&letters(&pattern), &letters(&other)));
    }
}
