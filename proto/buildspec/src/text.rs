//! The text before it is YAML: size, encoding, characters that no YAML text may hold, and its lines.

use crate::error::{Error, Position};
use crate::limits::{MAX_INDICATORS, MAX_TEXT_BYTES};
use std::ops::Range;

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Reads bytes as UTF-8.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, Error> {
    refuse_size(bytes.len())?;
    std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let error = Error::at(end_of(&String::from_utf8_lossy(good)), "invalid UTF-8 octet");
        match bytes {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => error.hint("the file is UTF-16: save it as UTF-8"),
            _ => error.hint("save the file as UTF-8"),
        }
    })
}

/// The text without its byte order mark, if the parser may see it.
pub(crate) fn checked(text: &str) -> Result<&str, Error> {
    refuse_size(text.len())?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if let Some((at, c)) = text.char_indices().find(|(_, c)| !is_printable(*c)) {
        let position = end_of(text.get(..at).unwrap_or_default());
        return Err(Error::at(position, "control characters are not allowed").hint(format!(
            "the text holds the character U+{:04X}: write it as an escape in double quotes",
            u32::from(c)
        )));
    }
    if text.bytes().filter(|byte| is_indicator(*byte)).nth(MAX_INDICATORS).is_some() {
        return Err(Error::new(format!("the buildspec holds over {MAX_INDICATORS} YAML indicators"))
            .hint("move long lists and scripts into files of the source"));
    }
    Ok(text)
}

fn refuse_size(bytes: usize) -> Result<(), Error> {
    if bytes <= MAX_TEXT_BYTES {
        return Ok(());
    }
    Err(Error::new(format!("the buildspec has {bytes} bytes, over the limit of {MAX_TEXT_BYTES}"))
        .hint("move long scripts into files of the source and run them from here"))
}

/// YAML 1.1's printable characters: what CodeBuild's parser lets through.
fn is_printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
        && c != BYTE_ORDER_MARK
}

fn is_indicator(byte: u8) -> bool {
    matches!(byte, b'[' | b']' | b'{' | b'}' | b',' | b':' | b'?' | b'!' | b'&' | b'*' | b'"' | b'\'')
}

/// The position just after `text`.
fn end_of(text: &str) -> Position {
    let mut last = Position { line: 1, column: 1 };
    for (at, range) in lines(text).enumerate() {
        last = Position { line: at + 1, column: text.get(range).unwrap_or_default().chars().count() + 1 };
    }
    last
}

/// The byte ranges of the lines without their ends, as the parser counts lines: LF, CRLF or CR.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let rest = bytes.get(from..).unwrap_or_default();
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        start = length.map(|length| {
            let crlf = rest.get(length..).is_some_and(|end| end.starts_with(b"\r\n"));
            from + length + if crlf { 2 } else { 1 }
        });
        Some(from..from + length.unwrap_or(rest.len()))
    })
}

/// A line without its end; the first is 1.
pub(crate) fn line(text: &str, number: usize) -> Option<&str> {
    lines(text).nth(number.checked_sub(1)?).and_then(|range| text.get(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_lf_crlf_or_cr() {
        let text = "a\nb\r\nc\rd\n";
        let found: Vec<_> = lines(text).map(|range| &text[range]).collect();
        assert_eq!(found, ["a", "b", "c", "d", ""]);
        assert_eq!(line(text, 3), Some("c"));
        assert_eq!((line(text, 0), line(text, 6)), (None, None));
    }

    #[test]
    fn invalid_utf8_is_placed() {
        let error = decode(b"a: b\n\xC3\xA9: \xFF").unwrap_err();
        assert_eq!(error.position, Some(Position { line: 2, column: 4 }));
        assert_eq!(error.to_string(), "invalid UTF-8 octet at line 2");
    }

    #[test]
    fn utf16_is_named() {
        assert!(decode(b"\xFF\xFEv\0").unwrap_err().diagnostic().contains("UTF-16"));
    }

    #[test]
    fn control_characters_are_refused_with_their_place() {
        for text in ["a: b\nc: \u{1b}[31m", "a: b\nc: \0", "a: b\nc: \u{7f}", "a: b\nc: \u{feff}"] {
            assert_eq!(checked(text).unwrap_err().position, Some(Position { line: 2, column: 4 }), "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_at_the_start_is_dropped() {
        assert_eq!(checked("\u{feff}a: é\t\u{1F600}").unwrap(), "a: é\t\u{1F600}");
    }

    #[test]
    fn too_many_indicators_are_refused() {
        assert!(checked(&",".repeat(MAX_INDICATORS)).is_ok());
        assert!(checked(&",".repeat(MAX_INDICATORS + 1)).is_err());
    }
}
