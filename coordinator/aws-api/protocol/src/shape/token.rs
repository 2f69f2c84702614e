//! The words of the notation, each with its line.

use std::iter::Peekable;
use std::str::CharIndices;

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, digits, `_` and `-`, beginning with a letter.
    Name(String),
    /// `2..150`, `1..`, `..16`.
    Limits(Option<i64>, Option<i64>),
    /// What stands between `/` and `/`; `\/` in it is a `/`.
    Pattern(String),
    /// `{ } [ ] < > , : * ?`
    Sign(char),
    /// `->`
    Arrow,
}

/// A word, its line (from 1), and whether it is the first of a definition: one that stands in the first column.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) line: usize,
    pub(super) begins: bool,
}

/// The words of a text; a `#` in the first column makes the line a remark.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, (usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let mut rest = line.char_indices().peekable();
        while let Some(&(column, next)) = rest.peek() {
            if next.is_whitespace() {
                rest.next();
                continue;
            }
            let token = token(line, &mut rest).map_err(|message| (index + 1, message))?;
            found.push(Placed { token, line: index + 1, begins: column == 0 });
        }
    }
    Ok(found)
}

fn token(line: &str, rest: &mut Peekable<CharIndices<'_>>) -> Result<Token, String> {
    let Some((at, first)) = rest.next() else { return Err("the line ends early".to_owned()) };
    match first {
        '{' | '}' | '[' | ']' | '<' | '>' | ',' | ':' | '*' | '?' => Ok(Token::Sign(first)),
        '-' if rest.next_if(|(_, next)| *next == '>').is_some() => Ok(Token::Arrow),
        '/' => pattern(rest),
        '.' | '0'..='9' => limits(&line[at..span(line, at, rest, |next| next == '.' || next.is_ascii_digit())]),
        _ if first.is_ascii_alphabetic() => {
            let end = span(line, at, rest, |next| next.is_ascii_alphanumeric() || next == '_' || next == '-');
            Ok(Token::Name(line[at..end].to_owned()))
        }
        _ => Err(format!("{first:?} means nothing here")),
    }
}

/// The end of what begins at `at` and goes on as long as `more` holds.
fn span(line: &str, at: usize, rest: &mut Peekable<CharIndices<'_>>, more: impl Fn(char) -> bool) -> usize {
    while rest.next_if(|(_, next)| more(*next)).is_some() {}
    rest.peek().map_or(line.len(), |(end, _)| *end).max(at)
}

fn limits(word: &str) -> Result<Token, String> {
    let bound = |digits: &str| match digits {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| format!("{word} is no range")),
    };
    let (min, max) = word.split_once("..").ok_or_else(|| format!("{word} is no range: write {word}..{word}"))?;
    Ok(Token::Limits(bound(min)?, bound(max)?))
}

fn pattern(rest: &mut Peekable<CharIndices<'_>>) -> Result<Token, String> {
    let mut text = String::new();
    while let Some((_, next)) = rest.next() {
        match next {
            '/' => return Ok(Token::Pattern(text)),
            '\\' => match rest.next() {
                Some((_, '/')) => text.push('/'),
                Some((_, escaped)) => text.extend(['\\', escaped]),
                None => break,
            },
            _ => text.push(next),
        }
    }
    Err("a pattern has no end: its last / is missing".to_owned())
}
