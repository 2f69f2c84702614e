//! `run --secrets FILE`: the parameters and secrets that a local build may ask for, one `NAME=VALUE` a line.
//! The values are masked in the log as those of a fleet are.

use crate::failure::Failure;
use buildyard_model::Secret;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads the file. Empty lines and lines beginning with `#` are skipped; a value may stand in one pair of quotes.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, Secret>, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::file("read", path))?;
    parse(&text).map_err(|(line, problem)| Failure::call(format!("{} line {line}: {problem}", path.display())))
}

/// An error names the line, never its text: it may be the secret.
fn parse(text: &str) -> Result<BTreeMap<String, Secret>, (usize, &'static str)> {
    let mut secrets = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or((index + 1, "expected NAME=VALUE"))?;
        let name = name.trim();
        if name.is_empty() {
            return Err((index + 1, "the name is empty"));
        }
        if secrets.insert(name.to_owned(), Secret::new(unquoted(value.trim()))).is_some() {
            return Err((index + 1, "this name was given before"));
        }
    }
    Ok(secrets)
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_paths_and_values_may_be_json() {
        let secrets = parse("# ours\n/app/token = abc=def\n\ndb={\"user\":\"me\"}\nquoted=\" two words \"\n").unwrap();
        assert_eq!(secrets["/app/token"].expose(), "abc=def");
        assert_eq!(secrets["db"].expose(), "{\"user\":\"me\"}");
        assert_eq!(secrets["quoted"].expose(), " two words ");
    }

    #[test]
    fn an_error_names_the_line_and_not_the_secret() {
        assert_eq!(parse("a=1\nhunter2\n").unwrap_err(), (2, "expected NAME=VALUE"));
        assert_eq!(parse("a=1\na=2\n").unwrap_err().0, 2);
    }
}
