use super::*;

fn shown(input: &[u8]) -> Vec<u8> {
    let (mut filter, mut out) = (Filter::default(), Vec::new());
    filter.push(input, &mut out);
    out
}

#[track_caller]
fn check(input: &[u8], expected: &[u8]) {
    let whole = shown(input);
    assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(expected));
    for cut in 0..=input.len() {
        let (mut filter, mut out) = (Filter::default(), Vec::new());
        filter.push(&input[..cut], &mut out);
        filter.push(&input[cut..], &mut out);
        assert_eq!(out, expected, "cut at {cut}");
    }
}

#[test]
fn text_and_colours_pass() {
    let text =
        "plain\ttext\r\n\x1b[31;1mred\x1b[0m \x1b[38;2;1;2;3mrgb\x1b[m \x1b[4:3mcurly\x1b[24m é ß 日本 🦀\u{a0}\n";
    check(text.as_bytes(), text.as_bytes());
}

#[test]
fn the_clipboard_and_the_title_stay_as_they_are() {
    check(b"a\x1b]52;c;aGk=\x07b\x1b]0;title\x1b\\c\x1b]8;;javascript:x\x1b\\link\x1b]8;;\x1b\\", b"abclink");
}

#[test]
fn device_control_and_its_relatives_are_dropped() {
    check(b"a\x1bP1;2|secret\x1b\\b\x1b_apc\x1b\\c\x1b^pm\x1b\\d\x1bXsos\x1b\\e", b"abcde");
    check(b"a\x1bPwith\x07bell\nand line\x1b\\b", b"ab");
}

#[test]
fn cursor_moves_modes_and_resets_are_dropped() {
    check(b"a\x1b[2J\x1b[1;1H\x1b[?1049h\x1b[6n\x1b[>4;1m\x1b[?4m\x1b[1 q\x1bc\x1b7\x1b(0\x1b#8\x1b%Gb", b"ab");
}

#[test]
fn eight_bit_controls_are_controls_too() {
    check(b"a\x9b31mb\x9b2Jc\x9d52;c;eA==\x07d\x90dcs\x9ce", b"a\x1b[31mbcde");
    check("a\u{9b}31mb\u{9b}2Jc\u{9d}52;c;eA==\x07d\u{85}e".as_bytes(), b"a\x1b[31mbcde");
    // A byte that cannot go on a character is judged by itself: E0 must be followed by A0..BF.
    check(b"\xe0\x9b2Jx", b"\xe0x");
}

#[test]
fn bells_and_other_controls_are_dropped() {
    check(b"a\x07\x00\x0e\x0c\x7fb\x08", b"ab\x08");
}

#[test]
fn an_unfinished_string_hides_no_more_than_its_line() {
    check(b"a\x1b]0;never ends\nnext line", b"a\nnext line");
    let mut endless = b"a\x1bP".to_vec();
    endless.resize(LONGEST_STRING + 100, b'x');
    endless.extend_from_slice(b"\nthe end");
    assert!(shown(&endless).ends_with(b"\nthe end"));
}

#[test]
fn an_endless_colour_sequence_is_dropped_whole() {
    let mut long = b"a\x1b[".to_vec();
    long.extend(std::iter::repeat_n(b"1;", 1000).flatten());
    long.extend_from_slice(b"mb");
    assert_eq!(shown(&long), b"ab");
}

#[test]
fn colours_end_with_the_log() {
    let (mut filter, mut out) = (Filter::default(), Vec::new());
    filter.push(b"\x1b[31mred", &mut out);
    filter.finish(&mut out);
    assert_eq!(out, b"\x1b[31mred\x1b[0m");
    out.clear();
    filter.push(b"\x1b[31mred\x1b[0m", &mut out);
    filter.finish(&mut out);
    assert_eq!(out, b"\x1b[31mred\x1b[0m");
}
