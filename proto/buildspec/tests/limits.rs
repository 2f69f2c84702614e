//! Texts made to hurt their reader are refused at once and cost no memory (reliability S31).

use buildyard_buildspec::{limits, parse, parse_bytes};
use std::time::{Duration, Instant};

/// The error's message. An optimised parser takes less than 100 ms for each of these texts; the time here is for an
/// unoptimised one on a busy machine.
fn refusal(text: &str) -> String {
    let start = Instant::now();
    let Err(error) = parse(text) else { panic!("it was read") };
    assert!(start.elapsed() < Duration::from_secs(2), "{:?} for {error}", start.elapsed());
    // Also the report of it stays small.
    assert!(error.diagnostic().len() < 2000, "{}", error.diagnostic().len());
    error.to_string()
}

fn commands(lines: &str) -> String {
    format!("version: 0.2\nphases:\n  build:\n    commands:\n{lines}")
}

#[test]
fn ten_megabytes_are_refused_unread() {
    let text = commands(&"      - *a\n".repeat(1 << 20));
    assert!(text.len() > 10_000_000);
    let start = Instant::now();
    assert_eq!(refusal(&text), format!("the buildspec has {} bytes, over the limit of 1048576", text.len()));
    assert!(parse_bytes(text.as_bytes()).is_err());
    assert!(parse_bytes(&vec![0xFF; 10_000_000]).is_err());
    assert!(start.elapsed() < Duration::from_millis(100));
}

#[test]
fn billion_laughs_are_refused() {
    let mut text = "version: 0.2\na0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", ")));
    }
    assert!(refusal(&text).starts_with("the buildspec holds over 100000 values"));
}

#[test]
fn a_long_text_cannot_be_multiplied_by_aliases() {
    let text = commands(&format!("      - &a {}\n{}", "x".repeat(500_000), "      - *a\n".repeat(1000)));
    assert!(refusal(&text).starts_with("the buildspec holds over 100000 values or 4194304 bytes"));
}

#[test]
fn merged_maps_cannot_be_multiplied() {
    let keys: String = (0..2000).map(|n| format!("k{n}: v, ")).collect();
    let text = format!("version: 0.2\na: &a {{{keys}}}\nb: {{<<: [{}]}}\n", "*a, ".repeat(10_000));
    assert!(refusal(&text).starts_with("the buildspec holds over 100000 values"));
}

#[test]
fn a_million_commands_are_refused() {
    let text = commands(&"      - x\n".repeat(100_000));
    assert!(text.len() < limits::MAX_TEXT_BYTES);
    assert!(refusal(&text).starts_with("the buildspec holds over 100000 values"));
}

#[test]
fn a_large_but_honest_buildspec_is_read() {
    let text =
        commands(&"      - |\n        echo a line of a script that somebody wrote: it has a colon\n".repeat(9_000));
    assert_eq!(parse(&text).unwrap().phases[0].commands.len(), 9_000);
}

#[test]
fn depth_bombs_are_refused() {
    let deep = "lists and maps are nested more than 64 deep";
    for bomb in ["[", "{a: ", "[{a: ", "- ", "? ", "- ? "] {
        let text = bomb.repeat(100_000);
        let message = refusal(&text);
        assert!(message.starts_with(deep) || message.contains("indicators"), "{bomb:?}: {message}");
        let message = refusal(&format!("version: 0.2\na:\n  {}", bomb.repeat(30_000)));
        assert!(message.starts_with(deep), "{bomb:?}: {message}");
    }
    let stairs: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(refusal(&stairs).starts_with(deep));
}

#[test]
fn crowds_of_indicators_are_refused_before_the_parser_holds_them() {
    for crowd in [":,", "[],", "\"\",", "? ", "!a ,", "&a ,", "{},"] {
        let text = format!("version: 0.2\na: [{}", crowd.repeat(300_000));
        assert!(refusal(&text[..1_000_000.min(text.len())]).contains("indicators"), "{crowd:?}");
    }
}

#[test]
fn the_worst_that_the_parser_may_hold_is_read_in_time() {
    let open = "[".repeat(60);
    for crowd in [":,", "\"\",", "a: b,", "!a ,"] {
        let indicators = crowd.bytes().filter(|byte| b":,\"!".contains(byte)).count();
        let text = format!("version: 0.2\na: {open}{}", crowd.repeat((limits::MAX_INDICATORS - 100) / indicators));
        refusal(&text);
    }
}

#[test]
fn layouts_that_need_repair_cannot_be_had_without_end() {
    let text = format!("version: 0.2\nx:\n  a: [\n{}", "\"b\",\n".repeat(30_000));
    refusal(&text);
    for end in ["", "\"\n"] {
        let text = format!("version: 0.2\nx:\n  a: \"\n{}{end}", "b\n".repeat(400_000));
        refusal(&text);
    }
}

#[test]
fn long_texts_of_nothing_are_read_in_time() {
    for nothing in ["\n", " ", "#\n", "\t", "a ", "---\n", "'", "-\n", "...\n", "%TAG !a! b\n", "\u{85}"] {
        refusal(&nothing.repeat(400_000 / nothing.len()));
    }
}
