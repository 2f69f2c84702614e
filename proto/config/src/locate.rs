//! Finds lines and keys in TOML text, for messages. Pure; it needs to be right for the plain way of writing
//! (`[section]`, `key = value`), and says nothing where it is not sure.

/// The line (from 1) of the byte at `offset`.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// The dotted key whose line holds the byte at `offset`.
pub(super) fn key_at(text: &str, offset: usize) -> Option<String> {
    let wanted = line_at(text, offset);
    keys(text).find(|(line, _)| *line == wanted).map(|(_, key)| key)
}

/// The line of a dotted key.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
    keys(text).find(|(_, found)| found == key).map(|(line, _)| line)
}

/// Every `key = value` line as its number and dotted key.
fn keys(text: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    let mut section = String::new();
    text.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim().to_owned();
            return None;
        }
        let (key, _) = line.split_once('=')?;
        let key = key.trim().trim_matches('"');
        if key.is_empty() || key.starts_with('#') {
            return None;
        }
        Some((index + 1, if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }))
    })
}
