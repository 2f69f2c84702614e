//! Patterns over messages whose fields stand between spaces: `[ip, user, ..., status = 4*, bytes > 1000]`. What stands in
//! quotes or brackets is one field.

mod parse;

use super::glob::Glob;
use super::number::{Compare, number};
use regex::Regex;

/// What is said of a field.
#[derive(Debug)]
enum Condition {
    Number(Compare, f64),
    /// Of texts only equality is asked.
    Text(Compare, Glob),
    Regex(Compare, Regex),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// Fields before the ellipsis and behind it; each with what is said of it, if something is.
#[derive(Debug, Default)]
pub(in crate::logs) struct Space {
    before: Vec<Option<Condition>>,
    behind: Vec<Option<Condition>>,
    ellipsis: bool,
}

impl Condition {
    fn holds(&self, field: &str) -> bool {
        match self {
            Self::Number(compare, right) => match number(field) {
                Some(left) => compare.holds(left, *right),
                None => *compare == Compare::NotEqual,
            },
            Self::Text(compare, glob) => glob.matches(field) == (*compare == Compare::Equal),
            Self::Regex(compare, regex) => regex.is_match(field) == (*compare == Compare::Equal),
            Self::All(parts) => parts.iter().all(|part| part.holds(field)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(field)),
        }
    }
}

impl Space {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text)
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        let fields = fields(message);
        let said = self.before.len() + self.behind.len();
        let fits = if self.ellipsis { fields.len() >= said } else { fields.len() == said };
        let hold = |conditions: &[Option<Condition>], fields: &[&str]| {
            let mut pairs = conditions.iter().zip(fields);
            pairs.all(|(condition, field)| condition.as_ref().is_none_or(|condition| condition.holds(field)))
        };
        fits && hold(&self.before, &fields)
            && hold(&self.behind, fields.get(fields.len() - self.behind.len()..).unwrap_or_default())
    }
}

/// The fields of a message. An opening quote or bracket that is never closed is a character like others.
fn fields(message: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = message.trim();
    // Once there is no closing one, there is none behind, either.
    let (mut quotes, mut brackets) = (true, true);
    while !rest.is_empty() {
        let closing = match rest.as_bytes().first() {
            Some(b'"') if quotes => Some('"'),
            Some(b'[') if brackets => Some(']'),
            _ => None,
        };
        let inner = rest.get(1..).unwrap_or_default();
        let (field, behind) = match closing.map(|closing| (closing, inner.split_once(closing))) {
            Some((_, Some(found))) => found,
            Some((closing, None)) => {
                if closing == '"' {
                    quotes = false;
                } else {
                    brackets = false;
                }
                split(rest)
            }
            None => split(rest),
        };
        fields.push(field);
        rest = behind.trim_start();
    }
    fields
}

fn split(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}
