//! Values as text for people. Pure: what is a terminal, and its colours, come in as [`Paint`].

pub(crate) mod elapsed;
pub(crate) mod paint;
pub(crate) mod size;
pub(crate) mod summary;
pub(crate) mod table;

pub(crate) use paint::Paint;

/// Text from elsewhere, fit for a terminal: control characters become spaces, so that it cannot move the cursor,
/// write the clipboard or fake a line (reliability S82).
pub(crate) fn printable(text: &str) -> String {
    text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_from_elsewhere_cannot_drive_the_terminal() {
        assert_eq!(super::printable("a\x1b]52;c;eA==\x07b\nc\u{9b}31m\n"), "a ]52;c;eA== b c 31m");
    }
}
