//! The text of an event.

use super::cut::Cut;

/// The longest message in bytes (CloudWatch Logs, "PutLogEvents").
pub(crate) const LONGEST: usize = 256 * 1024;

/// The message of a stretch, of which `raw` are the bytes with the line end. An empty line is its LF, since no message
/// may be empty; what a lone CR leaves empty is no event.
pub(crate) fn message(cut: &Cut, raw: &[u8]) -> Option<String> {
    let length = usize::try_from(cut.text_end - cut.start).unwrap_or(usize::MAX).min(raw.len());
    let (text, line_end) = raw.split_at(length);
    if text.is_empty() {
        return line_end.ends_with(b"\n").then(|| "\n".to_owned());
    }
    let message = String::from_utf8_lossy(text);
    if message.len() <= LONGEST {
        return Some(message.into_owned());
    }
    // Each bad byte became three.
    Some(text.utf8_chunks().fold(String::with_capacity(text.len()), |mut whole, chunk| {
        whole.push_str(chunk.valid());
        whole.extend(std::iter::repeat_n('?', chunk.invalid().len()));
        whole
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &[u8], text: u64) -> Option<String> {
        message(&Cut { start: 0, text_end: text, next: raw.len() as u64 }, raw)
    }

    #[test]
    fn a_message_is_its_line_without_the_end() {
        assert_eq!(of(b"\x1b[1mhello\x1b[0m\r\n", 13).unwrap(), "\x1b[1mhello\x1b[0m");
        assert_eq!(of(b"\n", 0).unwrap(), "\n");
        assert_eq!(of(b"\r\n", 0).unwrap(), "\n");
        assert_eq!(of(b"\r", 0), None);
        assert_eq!(of(b"a\xffb", 3).unwrap(), "a\u{fffd}b");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_make_a_message_too_long() {
        let raw = [0xff; 200 * 1024];
        assert_eq!(of(&raw, raw.len() as u64).unwrap().len(), raw.len());
    }
}
