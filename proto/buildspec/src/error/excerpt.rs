//! The line of the text that an error points at, cut to a width that fits a terminal.

use super::Position;
use crate::text;

/// Characters of a line that are shown.
const WIDTH: usize = 100;

/// The source line with a mark below the position; `None` when the position is past the text's end.
pub(super) fn excerpt(source: &str, position: Position) -> Option<String> {
    let line = text::line(source, position.line)?;
    let column = position.column.saturating_sub(1).min(line.chars().count());
    let from = column.saturating_sub(WIDTH * 3 / 4);
    let shown: String = line.chars().skip(from).take(WIDTH).map(visible).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if line.chars().count() > from + WIDTH { "…" } else { "" };
    let number = position.line.to_string();
    let gutter = " ".repeat(number.len());
    let indent = " ".repeat(column - from + before.chars().count());
    Some(format!("{gutter} |\n{number} | {before}{shown}{after}\n{gutter} | {indent}^"))
}

/// One column wide and harmless on a terminal.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{FFFD}',
        // Overrides of the writing direction can make a line read as what it is not.
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let shown = excerpt(&line, Position { line: 1, column: 501 }).unwrap();
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[1].chars().count(), 4 + 1 + WIDTH + 1);
        assert_eq!(lines[1].chars().nth(lines[2].chars().count() - 1), Some('!'));
    }

    #[test]
    fn control_characters_are_not_shown() {
        let shown = excerpt("a\u{1b}[31m\u{202e}\tb", Position { line: 1, column: 1 }).unwrap();
        assert_eq!(shown, "  |\n1 | a\u{FFFD}[31m\u{FFFD} b\n  | ^");
    }

    #[test]
    fn a_place_past_the_end_shows_nothing() {
        assert_eq!(excerpt("a\n", Position { line: 7, column: 1 }), None);
    }
}
