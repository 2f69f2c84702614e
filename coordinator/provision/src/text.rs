//! Words of others in our messages.

/// As much as a person reads.
const LENGTH: usize = 600;

/// A message without line breaks and control characters, and not longer than a person reads.
pub(crate) fn one_line(message: &str) -> String {
    let visible: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// An error with its causes: the outermost one often says too little.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        assert_eq!(one_line("a\n  b\u{1b}[0m\r\n"), "a b [0m");
        assert!(one_line(&"é".repeat(5000)).chars().count() <= LENGTH + 1);
    }
}
