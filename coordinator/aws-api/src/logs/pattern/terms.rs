//! Terms: `ERROR "exit code" -retry`, `?ERROR ?WARN`, `%E\d+%`. Case counts.

use super::cursor::Cursor;
use regex::Regex;

#[derive(Debug)]
enum Term {
    Text(String),
    Regex(Regex),
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

/// Terms of a message.
#[derive(Debug, Default)]
pub(in crate::logs) struct Terms {
    all: Vec<Term>,
    none: Vec<Term>,
    /// Counts only where it stands alone (CloudWatch Logs, "Match any terms").
    any: Vec<Term>,
}

impl Terms {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut cursor = Cursor::new(text);
        let mut terms = Self::default();
        loop {
            cursor.skip_spaces();
            if cursor.peek().is_none() {
                return Ok(terms);
            }
            let list = if cursor.eat("?") {
                &mut terms.any
            } else if cursor.eat("-") {
                &mut terms.none
            } else {
                &mut terms.all
            };
            list.push(term(&mut cursor)?);
            if cursor.peek().is_some_and(|next| !next.is_whitespace()) {
                return Err(format!("a space is missing before {:?}", cursor.ahead()));
            }
        }
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        let is_in = |term: &Term| term.is_in(message);
        let alone = self.all.is_empty() && self.none.is_empty();
        self.all.iter().all(is_in) && !self.none.iter().any(is_in) && (!alone || self.any.iter().any(is_in))
    }
}

fn term(cursor: &mut Cursor<'_>) -> Result<Term, String> {
    if let Some(regex) = cursor.regex()? {
        return Ok(Term::Regex(regex));
    }
    let text = match cursor.quoted()? {
        Some(text) => text,
        None => cursor.take_while(|c| !c.is_whitespace() && c != '"').to_owned(),
    };
    if text.is_empty() { Err(format!("a term is missing before {:?}", cursor.ahead())) } else { Ok(Term::Text(text)) }
}
