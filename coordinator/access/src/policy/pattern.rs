//! A text of a policy with `*`, `?` and `${variables}`. Invariant: what a variable stands for is plain text; a user
//! named `*` matches no more than a star.

use super::context::Context;
use super::glob::Token;
use std::borrow::Cow;

/// What is special in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    /// `*` and `?` stand for others.
    pub(super) wildcards: bool,
    /// `${…}` is filled in: documents of version 2012-10-17.
    pub(super) variables: bool,
}

/// A text as it was written, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Any,
    One,
    Variable { key: String, default: Option<String> },
}

impl Pattern {
    /// Takes a text apart; the error says what is wrong with a variable.
    pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            if syntax.variables
                && let Some(inner) = rest.strip_prefix("${")
            {
                let (inside, after) = inner.split_once('}').ok_or("'${' has no '}'")?;
                rest = after;
                if matches!(inside, "*" | "?" | "$") {
                    plain.push_str(inside);
                } else {
                    flush(&mut plain, &mut pieces);
                    pieces.push(variable(inside)?);
                }
                continue;
            }
            rest = &rest[letter.len_utf8()..];
            match letter {
                '*' | '?' if syntax.wildcards => {
                    flush(&mut plain, &mut pieces);
                    let piece = if letter == '*' { Piece::Any } else { Piece::One };
                    // Runs of stars are one star.
                    if piece != Piece::Any || pieces.last() != Some(&Piece::Any) {
                        pieces.push(piece);
                    }
                }
                other => plain.push(other),
            }
        }
        flush(&mut plain, &mut pieces);
        Ok(Self(pieces))
    }

    /// Fills in the variables; `None` when the request has no single value for one that has no default.
    pub(super) fn fill<'a>(&'a self, context: &'a Context) -> Option<Vec<Token<'a>>> {
        let token = |piece: &'a Piece| {
            Some(match piece {
                Piece::Text(text) => Token::Text(Cow::Borrowed(text)),
                Piece::Any => Token::Any,
                Piece::One => Token::One,
                Piece::Variable { key, default } => match context.get(key) {
                    Some([value]) => Token::Text(Cow::Borrowed(value)),
                    Some(_) | None => Token::Text(Cow::Borrowed(default.as_deref()?)),
                },
            })
        };
        self.0.iter().map(token).collect()
    }
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// `aws:username`, or `aws:username, 'default'`.
fn variable(inside: &str) -> Result<Piece, String> {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let default = default.trim().strip_prefix('\'').and_then(|quoted| quoted.strip_suffix('\''));
            (key, Some(default.ok_or("the default of a variable must be in single quotes: ${key, 'default'}")?))
        }
    };
    let key = key.trim();
    let is_key = key.contains(':') && key.chars().all(|letter| letter.is_alphanumeric() || "_:/.@=+-".contains(letter));
    if !is_key {
        return Err("a variable must name a condition key, for example ${aws:username}".into());
    }
    Ok(Piece::Variable { key: key.to_lowercase(), default: default.map(str::to_owned) })
}
