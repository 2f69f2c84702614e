//! Columns of text.

use super::paint::{Paint, Tone};

/// One cell: its text, and its tone if it has one.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Option<Tone>,
}

impl Cell {
    /// A cell in a tone.
    pub(crate) fn toned(text: impl Into<String>, tone: impl Into<Tone>) -> Self {
        Self { text: text.into(), tone: Some(tone.into()) }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: None }
    }
}

/// Lays out the rows under their heads, two spaces between columns, nothing behind the last. Columns whose head
/// begins with `>` stand to the right.
pub(crate) fn render(paint: Paint, heads: &[&str], rows: &[Vec<Cell>]) -> String {
    let widths = widths(heads, rows);
    let head: Vec<Cell> = heads.iter().map(|head| Cell::toned(head.trim_start_matches('>'), Tone::Quiet)).collect();
    let lines = std::iter::once(&head).chain(rows).map(|row| line(paint, heads, &widths, row));
    lines.fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// How wide the table is; not counted is the last column, which says what it has to say at any length.
pub(crate) fn width(heads: &[&str], rows: &[Vec<Cell>]) -> usize {
    let mut widths = widths(heads, rows);
    widths.pop();
    widths.iter().sum::<usize>() + widths.len().saturating_sub(1) * 2
}

fn widths(heads: &[&str], rows: &[Vec<Cell>]) -> Vec<usize> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count());
        cells.chain([heads[column].trim_start_matches('>').chars().count()]).max().unwrap_or(0)
    };
    (0..heads.len()).map(width).collect()
}

fn line(paint: Paint, heads: &[&str], widths: &[usize], row: &[Cell]) -> String {
    let cells = row.iter().zip(heads).zip(widths).map(|((cell, head), width)| {
        let gap = " ".repeat(width - cell.text.chars().count());
        let text = cell.tone.map_or_else(|| cell.text.clone(), |tone| paint.text(tone, &cell.text));
        if head.starts_with('>') { format!("{gap}{text}") } else { format!("{text}{gap}") }
    });
    cells.collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![vec!["a".into(), "1".into(), "x".into()], vec!["bcde".into(), "1000".into(), Cell::from("")]];
        let text = render(Paint::PLAIN, &["N", ">SIZE", "END"], &rows);
        assert_eq!(text, "N     SIZE  END\na        1  x\nbcde  1000\n");
    }
}
